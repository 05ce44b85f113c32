#!/usr/bin/env bash
# lb_native.sh HELM CHART CRD...: prints lb-native.yaml, what the chart installs
# by default as one file for kubectl.
#
#   packaging/kubernetes/lb_native.sh "$(tests/kubernetes/build_helm.sh)" \
#     packaging/helm/lbd packaging/kubernetes/crds/*.yaml \
#     >packaging/kubernetes/lb-native.yaml
set -euo pipefail
helm=$1 chart=$2
shift 2
cat <<'END'
# lbd for a cluster, in one file: custom resources, rights, controllers and
# speakers. Made of packaging/helm/lbd by packaging/kubernetes/lb_native.sh, and
# not to be edited.
apiVersion: v1
kind: Namespace
metadata:
  name: metallb-system
  labels:
    # Speakers are on the host's network.
    pod-security.kubernetes.io/enforce: privileged
    pod-security.kubernetes.io/audit: privileged
    pod-security.kubernetes.io/warn: privileged
END
for crd in "$@"; do
  echo ---
  grep -v '^#' "$crd"
done
# A Secret in a file would be the same in every cluster: the controller makes it.
"$helm" template lbd "$chart" --namespace metallb-system \
  --set speaker.memberlist.createSecret=false --no-hooks |
  sed '/^# Source: /d; /^ *helm.sh\/chart: /d; /managed-by: Helm$/d; s/ *$//'
