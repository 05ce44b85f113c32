#include "daemon/lbctl/doctor.h"

#include <fmt/format.h>
#include <linux/capability.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_replace.h"
#include "daemon/gossip_secret.h"
#include "daemon/lbctl/format.h"
#include "daemon/lbctl/table.h"
#include "google/protobuf/struct.pb.h"
#include "lb/announce/interface.h"
#include "lb/announce/strict_arp.h"
#include "lb/gossip/options.h"

namespace lb::lbctl {
namespace {

using announce::InterfaceState;

// A clock that shows an earlier year has never been set.
constexpr int kFirstYear = 2023;
constexpr int kIpv4Headers = 20 + 8;  // IP and UDP.
constexpr int kIpv6Headers = 40 + 8;
constexpr const char* kOtherOptions =
    "it runs with other options: want --config FILE, lbd's own";

using Findings = std::vector<Finding>;

void Good(Findings& out, std::string subject, std::string text) {
  out.push_back({Grade::kGood, std::move(subject), std::move(text), ""});
}
void Note(Findings& out, std::string subject, std::string text,
          std::string remedy) {
  out.push_back(
      {Grade::kNote, std::move(subject), std::move(text), std::move(remedy)});
}
void Fault(Findings& out, std::string subject, std::string text,
           std::string remedy) {
  out.push_back(
      {Grade::kFault, std::move(subject), std::move(text), std::move(remedy)});
}

bool IsLoopbackDelivery(const Options& options) {
  return options.deliver == Deliver::kLoopback;
}

void JudgeManifests(const Options& options, const HostFacts& facts,
                    Findings& out) {
  if (options.manifests.empty()) {
    Note(out, "manifests", "none", "name files or folders: --manifests PATH");
  } else if (facts.problems.empty()) {
    Good(out, "manifests", "no problems");
  }
  for (const std::string& problem : facts.problems) {
    Fault(out, "manifests", problem, "repair the file; lbd --check tries it");
  }
}

std::string InterfaceRemedy(const io::Link& link, InterfaceState state) {
  switch (state) {
    case InterfaceState::kDown:
      return fmt::format("ip link set {} up", link.name);
    case InterfaceState::kNoCarrier:
      return "plug its cable, or start what is at the other end";
    case InterfaceState::kNoLinkLocal:
      return fmt::format(
          "for IPv6: sysctl net.ipv6.conf.{}.disable_ipv6=0, and an address",
          // A dot in a name is a slash to sysctl, as in sysctl.d(5).
          absl::StrReplaceAll(link.name, {{".", "/"}}));
    default:
      return "leave it out with --exclude-interfaces, if it is not meant to "
             "announce";
  }
}

// Interfaces that are not meant to announce get no finding.
bool IsLeftOut(InterfaceState state) {
  return state == InterfaceState::kLoopback ||
         state == InterfaceState::kExcluded ||
         state == InterfaceState::kNotIncluded ||
         state == InterfaceState::kBridgePort;
}

void JudgeInterfaces(const Options& options, const HostFacts& facts,
                     Findings& out) {
  if (!facts.interfaces_error.empty()) {
    return Fault(out, "interfaces", facts.interfaces_error,
                 "run it on the host, not in a container without netlink");
  }
  std::vector<io::Link> links;
  for (const HostFacts::Interface& interface : facts.interfaces) {
    links.push_back(interface.link);
  }
  const auto choices = announce::SelectInterfaces(
      links,
      {.include = options.interfaces, .exclude = options.exclude_interfaces});
  bool any = false;
  for (size_t i = 0; i < choices.size(); ++i) {
    const announce::InterfaceChoice& choice = choices[i];
    if (IsLeftOut(choice.arp)) continue;
    const std::string subject =
        fmt::format("interface {}", choice.interface.name);
    const std::string said = announce::ToString(choice);
    // `said` is "eth0: usable"; the subject names the interface already.
    const std::string text = said.substr(said.find(": ") + 2);
    any |= announce::IsUsable(choice);
    if (choice.arp == InterfaceState::kUsable &&
        choice.ndp == InterfaceState::kUsable) {
      Good(out, subject, text);
    } else {
      const bool arp = choice.arp == InterfaceState::kUsable;
      Note(out, subject, text,
           InterfaceRemedy(links[i], arp ? choice.ndp : choice.arp));
    }
  }
  if (!any) {
    Fault(out, "interfaces", "none can announce",
          "switch one on, or name one: --interfaces PATTERN");
  }
}

// While addresses are on lo, or on kube-proxy's interface in IPVS mode, a
// kernel with the defaults answers ARP for them on every interface of every
// node.
void JudgeStrictArp(const Options& options, const HostFacts& facts,
                    Findings& out) {
  const bool has_ipvs = std::any_of(
      facts.interfaces.begin(), facts.interfaces.end(),
      [](const auto& each) { return each.link.name == "kube-ipvs0"; });
  if (!IsLoopbackDelivery(options) && !has_ipvs) return;
  for (const HostFacts::Interface& interface : facts.interfaces) {
    const io::Link& link = interface.link;
    if (link.loopback || link.noarp || !link.up) continue;
    const std::string subject = fmt::format("strict ARP on {}", link.name);
    const std::string text =
        fmt::format("arp_ignore {}, arp_announce {}", interface.arp_ignore,
                    interface.arp_announce);
    if (interface.arp_ignore >= 1 && interface.arp_announce >= 2) {
      Good(out, subject, text);
    } else {
      Fault(out, subject, text,
            has_ipvs ? announce::kKubeProxyRemedy
                     : "sysctl -w net.ipv4.conf.all.arp_ignore=1 "
                       "net.ipv4.conf.all.arp_announce=2, and in "
                       "/etc/sysctl.d");
    }
  }
}

void JudgeDaemon(const Options& options, const HostFacts& facts,
                 Findings& out) {
  if (!facts.daemon.has_value() && facts.socket_error == EACCES) {
    return Note(out, "lbd",
                fmt::format("{}: {}", facts.socket, std::strerror(EACCES)),
                "run it as root, or as a user of the socket's group: "
                "status-group");
  }
  if (!facts.daemon.has_value()) {
    const std::string at =
        facts.socket.empty() ? "" : fmt::format(" at {}", facts.socket);
    return Note(out, "lbd", "does not answer" + at, "systemctl start lbd");
  }
  const HostFacts::Process& daemon = *facts.daemon;
  Good(out, "lbd",
       fmt::format("runs, pid {}, uid {}", daemon.pid, daemon.user));
  const auto has = [&](int capability) {
    return (daemon.capabilities >> capability & 1) != 0;
  };
  std::string missing;
  if (!has(CAP_NET_RAW)) missing = "CAP_NET_RAW";
  if (IsLoopbackDelivery(options) && !has(CAP_NET_ADMIN)) {
    missing += missing.empty() ? "CAP_NET_ADMIN" : ", CAP_NET_ADMIN";
  }
  if (!missing.empty()) {
    return Fault(out, "capabilities", fmt::format("lbd has no {}", missing),
                 "start it by its unit (lbd(8), PRIVILEGES), or as root");
  }
  Good(out, "capabilities",
       IsLoopbackDelivery(options) ? "CAP_NET_RAW, CAP_NET_ADMIN"
                                   : "CAP_NET_RAW");
}

void JudgePorts(const Options& options, const HostFacts& facts, Findings& out) {
  for (const HostFacts::Port& port : facts.ports) {
    const std::string subject = fmt::format("gossip {} {}", port.protocol,
                                            options.gossip.bind.ToString());
    if (port.error == EADDRINUSE && facts.daemon.has_value()) {
      Good(out, subject, "lbd has it");
    } else if (port.error == EADDRINUSE && facts.socket_error == EACCES) {
      Note(out, subject, "in use; whether by lbd, its socket would say",
           "run it as root");
    } else if (port.error == EADDRINUSE) {
      Fault(out, subject, "another process has it",
            fmt::format("ss -lntup sport = :{} names it",
                        options.gossip.bind.port));
    } else if (port.error == EADDRNOTAVAIL) {
      Fault(out, subject, "this host has no such address",
            "gossip-bind: an address of this host");
    } else if (port.error != 0) {
      Fault(out, subject, std::strerror(port.error), "another --gossip-bind");
    } else if (facts.daemon.has_value()) {
      Note(out, subject, "free, though lbd runs", kOtherOptions);
    } else {
      Good(out, subject, "free");
    }
  }
}

void JudgeSecret(const Options& options, const HostFacts& facts,
                 Findings& out) {
  const std::string& path = options.gossip.secret_file;
  constexpr std::string_view kTakeOne =
      "lbctl secret new FILE, and gossip-secret-file: FILE; the same bytes on "
      "all nodes";
  const bool may_start = ValidateSecrecy(options).ok();
  if (!may_start && facts.daemon.has_value()) {
    return Note(out, "gossip secret", "none, though lbd runs", kOtherOptions);
  }
  if (!may_start) {
    return Fault(out, "gossip secret", "none: lbd does not start",
                 fmt::format("{}; or gossip-in-the-clear: true", kTakeOne));
  }
  if (options.gossip.in_the_clear && path.empty()) {
    return Note(out, "gossip secret", "none: gossip is in the clear",
                std::string(kTakeOne));
  }
  if (path.empty()) return;  // This node is alone.
  if (facts.secret_error != 0) {
    return Fault(out, "gossip secret",
                 fmt::format("{}: {}", path, std::strerror(facts.secret_error)),
                 fmt::format("chown lbd:lbd {0}; chmod 400 {0}", path));
  }
  if ((facts.secret_mode & 07) != 0) {
    return Fault(out, "gossip secret",
                 fmt::format("{}: open to all users (mode {:o})", path,
                             facts.secret_mode & 0777),
                 fmt::format("chmod o= {}; take a new one", path));
  }
  // The group of the file may be the one that may ask lbd. To have the secret
  // is more than that.
  if ((facts.secret_mode & 070) != 0) {
    return Note(out, "gossip secret",
                fmt::format("{}: its group has it too (mode {:o})", path,
                            facts.secret_mode & 0777),
                fmt::format("chown lbd:lbd {0}; chmod 400 {0}", path));
  }
  if (facts.secret_size < kSecretSizeWanted) {
    return Note(
        out, "gossip secret",
        fmt::format("{}: {} bytes can be guessed", path, facts.secret_size),
        fmt::format("{} or more: lbctl secret new FILE, then lbctl "
                    "rotate-key",
                    kSecretSizeWanted));
  }
  Good(out, "gossip secret", path);
}

void JudgeTls(const Options& options, const HostFacts& facts, Findings& out) {
  if (options.status.tls.cert.empty()) return;
  const std::string text(facts.tls.message());
  if (facts.tls.ok()) {
    Good(out, "status TLS", options.status.tls.cert);
  } else if (absl::IsPermissionDenied(facts.tls)) {
    Note(out, "status TLS", fmt::format("{}: {}", text, std::strerror(EACCES)),
         "run it as root, or as the user that lbd runs as");
  } else {
    Fault(out, "status TLS", text,
          "repair the file, without it lbd does not start; lbd --check tries "
          "it");
  }
}

void JudgeClock(const HostFacts& facts, Findings& out) {
  const int year = absl::ToCivilYear(facts.clock, absl::UTCTimeZone()).year();
  if (year < kFirstYear) {
    return Fault(out, "clock", fmt::format("says year {}", year),
                 "set it: timedatectl set-time, or set-ntp true");
  }
  if (!facts.clock_synchronized) {
    return Note(out, "clock",
                "not synchronized; the earlier claim keeps a disputed address",
                "timedatectl set-ntp true");
  }
  Good(out, "clock", "synchronized");
}

void JudgePathMtu(const HostFacts::Peer& peer, std::string subject,
                  Findings& out) {
  const int packet =
      static_cast<int>(gossip::FastProfile().dissemination.udp_buffer_size) +
      (peer.endpoint->address.is_ipv4() ? kIpv4Headers : kIpv6Headers);
  const std::string text =
      fmt::format("answers in {:.1f} ms, MTU {}",
                  absl::ToDoubleMilliseconds(peer.took), peer.path_mtu);
  if (peer.path_mtu == 0 || peer.path_mtu >= packet) {
    return Good(out, std::move(subject), text);
  }
  Note(out, std::move(subject), text,
       fmt::format("gossip packets of up to {} bytes are split on the way: "
                   "raise the MTU between the nodes",
                   packet));
}

// "join n2 192.0.2.12:7946"; a peer that the list names by address has no name.
std::string SubjectOf(const HostFacts::Peer& peer) {
  if (!peer.endpoint) return fmt::format("join {}", peer.seed.ToString());
  if (peer.seed.address) {
    return fmt::format("join {}", peer.endpoint->ToString());
  }
  return fmt::format("join {} {}", peer.seed.text, peer.endpoint->ToString());
}

void JudgePeer(const HostFacts::Peer& peer, std::string subject,
               Findings& out) {
  if (!peer.endpoint) {
    Fault(out, std::move(subject), peer.fault,
          "an address or a name that DNS or /etc/hosts knows");
  } else if (peer.error == 0) {
    JudgePathMtu(peer, std::move(subject), out);
  } else if (peer.error == ECONNREFUSED) {
    Fault(out, std::move(subject), "no process listens there",
          "start lbd there");
  } else if (peer.error == ETIMEDOUT) {
    Fault(out, std::move(subject), "no answer within 1 s",
          fmt::format("is it up? let TCP and UDP {} through firewalls",
                      peer.endpoint->port));
  } else {
    Fault(out, std::move(subject), std::strerror(peer.error),
          "a route to it: ip route get ADDRESS");
  }
}

void JudgeKey(const HostFacts::Peer& peer, const std::string& join,
              Findings& out) {
  // `join` is "join n2 ...": this finding is about the same peer.
  std::string subject = "key at" + join.substr(std::strlen("join"));
  constexpr const char* kSameSecret =
      "the same gossip-secret-file on all nodes, byte by byte: a newline at "
      "its end counts";
  switch (peer.key) {
    case KeyVerdict::kUntried:
      return;
    case KeyVerdict::kUnderstood:
      return Good(out, std::move(subject), "understood");
    case KeyVerdict::kOtherDerivation:
      return Fault(out, std::move(subject),
                   "it knows the secret's other key only",
                   "another gossip-key-derivation here (sha256, legacy), or "
                   "upgrade it");
    case KeyVerdict::kOtherKey:
      return Fault(out, std::move(subject),
                   "does not decrypt: its secret is another", kSameSecret);
    case KeyVerdict::kTheirsClear:
      return Fault(out, std::move(subject),
                   "it gossips in the clear, this node encrypts", kSameSecret);
    case KeyVerdict::kOursClear:
      return Fault(out, std::move(subject),
                   "it encrypts, and there is no secret here", kSameSecret);
    case KeyVerdict::kClosed:
      return Fault(out, std::move(subject),
                   "it ends the connection without an answer",
                   "is that lbd or memberlist? then its secret or its label "
                   "is another");
    case KeyVerdict::kSilent:
      return Fault(out, std::move(subject), "no answer within 1 s",
                   "is that lbd or memberlist? is it overloaded?");
  }
}

// True if the host has an address of the family that reaches other hosts:
// loopback and link-local addresses do not.
bool HasFamily(const HostFacts& facts, net::IpFamily family) {
  for (const HostFacts::Interface& interface : facts.interfaces) {
    for (const net::IpPrefix& own : interface.link.addresses) {
      if (own.address.family() == family && !own.address.is_loopback() &&
          !own.address.is_link_local()) {
        return true;
      }
    }
  }
  return false;
}

// True if the address needs a family that this host lacks, and its name has an
// address of the other family, which lbd then uses.
bool IsSpared(const HostFacts& facts, const HostFacts::Peer& peer) {
  if (!peer.endpoint || peer.error == 0 || peer.seed.address) return false;
  if (HasFamily(facts, peer.endpoint->address.family())) return false;
  return std::any_of(
      facts.peers.begin(), facts.peers.end(), [&](const auto& other) {
        return other.endpoint && other.seed.text == peer.seed.text &&
               HasFamily(facts, other.endpoint->address.family());
      });
}

void JudgePeers(const HostFacts& facts, Findings& out) {
  for (const HostFacts::Peer& peer : facts.peers) {
    const std::string subject = SubjectOf(peer);
    if (IsSpared(facts, peer)) {
      Good(out, subject,
           fmt::format("not tried: this host has no {} address",
                       net::ToString(peer.endpoint->address.family())));
      continue;
    }
    JudgePeer(peer, subject, out);
    JudgeKey(peer, subject, out);
  }
  if (facts.key_error.empty()) return;
  Note(out, "key", fmt::format("not tried with any peer: {}", facts.key_error),
       "run it as root, or as a user that may read the secret");
}

void JudgeOptions(const HostFacts& facts, Findings& out) {
  if (!facts.other_server.empty()) {
    Note(out, "server",
         fmt::format("{} is no unix socket of this host: looked at {}",
                     facts.other_server, facts.socket),
         "--server unix:PATH, or the host that it is on");
  }
  if (facts.no_options_file.empty()) return;
  Note(out, "options",
       fmt::format("{}: no such file; these are the defaults",
                   facts.no_options_file),
       "--config FILE, if lbd runs with another one");
}

google::protobuf::Value ToProto(absl::Span<const Finding> findings) {
  google::protobuf::Value list;
  list.mutable_list_value();
  for (const Finding& finding : findings) {
    auto& fields = *list.mutable_list_value()
                        ->add_values()
                        ->mutable_struct_value()
                        ->mutable_fields();
    fields["grade"].set_string_value(std::string(ToString(finding.grade)));
    fields["subject"].set_string_value(finding.subject);
    fields["text"].set_string_value(finding.text);
    fields["remedy"].set_string_value(finding.remedy);
  }
  return list;
}

}  // namespace

std::string_view ToString(Grade grade) {
  switch (grade) {
    case Grade::kGood:
      return "ok";
    case Grade::kNote:
      return "note";
    case Grade::kFault:
      return "fault";
  }
  return "";
}

std::vector<Finding> Diagnose(const Options& options, const HostFacts& facts) {
  Findings findings;
  JudgeOptions(facts, findings);
  JudgeManifests(options, facts, findings);
  JudgeInterfaces(options, facts, findings);
  JudgeStrictArp(options, facts, findings);
  JudgeDaemon(options, facts, findings);
  JudgePorts(options, facts, findings);
  JudgeSecret(options, facts, findings);
  JudgeTls(options, facts, findings);
  JudgeClock(facts, findings);
  JudgePeers(facts, findings);
  return findings;
}

bool HasFault(absl::Span<const Finding> findings) {
  return std::any_of(
      findings.begin(), findings.end(),
      [](const Finding& finding) { return finding.grade == Grade::kFault; });
}

std::string RenderTable(absl::Span<const Finding> findings) {
  Table table({"GRADE", "SUBJECT", "FOUND", "REMEDY"});
  for (const Finding& finding : findings) {
    table.Add({std::string(ToString(finding.grade)), finding.subject,
               finding.text, finding.remedy});
  }
  return table.Print(/*colours=*/false);
}

std::string RenderJson(absl::Span<const Finding> findings) {
  return ToJson(ToProto(findings), Layout::kIndented);
}

std::string RenderYaml(absl::Span<const Finding> findings) {
  return ToYaml(ToProto(findings));
}

}  // namespace lb::lbctl
