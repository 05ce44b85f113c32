# bash completion of lbctl; goes to /usr/share/bash-completion/completions/lbctl
_lbctl() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  local commands="status services pools members interfaces peers routes bfd
    problems events history explain what-if top drain undrain reload release log-level rotate-key secret
    check doctor migrate"
  local flags="--server --output --timeout --tls-ca --tls-cert --tls-key
    --tls-name --version --help" command="" i
  for ((i = 1; i < COMP_CWORD; ++i)); do
    if [[ " ${commands//[$'\n']/ } " == *" ${COMP_WORDS[i]} "* ]]; then
      command=${COMP_WORDS[i]}
      break
    fi
  done
  case $before in
    -o | --output)
      COMPREPLY=($(compgen -W "table wide json yaml" -- "$word"))
      return ;;
    --kind)
      COMPREPLY=($(compgen -W "object-refused address-conflict lost-endpoints
        orphaned-address interface state long-turn api-server bgp-peer
        bgp-route gossip strict-arp held-back no-address request-refused
        no-announcer unable-announcer node-name options-differ address-owned" -- "$word"))
      return ;;
    --tls-ca | --tls-cert | --tls-key | --secret-file | --config | \
      --kubeconfig)
      COMPREPLY=($(compgen -f -- "$word"))
      return ;;
  esac
  case $command in
    "") flags+=" $commands" ;;
    status) flags+=" --ready" ;;
    services) flags+=" --namespace --pool --node --address" ;;
    pools) flags+=" --holders" ;;
    routes) flags+=" --peer" ;;
    problems) flags+=" --kind" ;;
    events) flags+=" --follow --after --since" ;;
    history) flags+=" --address --service --node --since" ;;
    what-if) flags+=" --without --with" ;;
    top) flags+=" --interval --frames" ;;
    doctor) flags+=" --config" ;;
    migrate)
      flags+=" --kubeconfig --namespace --lb-class --ignore-exclude-lb check" ;;
    log-level) flags+=" debug info warning error" ;;
    rotate-key) flags+=" --secret-file --derivation add use remove" ;;
    secret)
      if [[ $before == new ]]; then
        COMPREPLY=($(compgen -f -- "$word"))
        return
      fi
      flags+=" new" ;;
    check)
      if [[ $word != -* ]]; then
        COMPREPLY=($(compgen -f -- "$word"))
        return
      fi ;;
  esac
  COMPREPLY=($(compgen -W "$flags" -- "$word"))
}
complete -F _lbctl lbctl
