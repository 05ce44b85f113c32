#include "daemon/lbctl/doctor.h"

#include <linux/capability.h>

#include <cerrno>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace lb::lbctl {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::Not;

net::Endpoint At(const char* text) { return *net::ParseEndpoint(text, 7946); }

Options TypicalOptions() {
  Options options;
  options.manifests = {"/etc/lbd/manifests"};
  options.gossip.bind = At("192.0.2.11");
  options.gossip.secret_file = "/etc/lbd/secret";
  options.gossip.join = {At("192.0.2.12")};
  options.deliver = Deliver::kLoopback;
  return options;
}

io::Link Ethernet() {
  return {.index = 2,
          .name = "eth0",
          .mac = net::MacAddress({2, 0, 0, 0, 0, 1}),
          .up = true,
          .carrier = true,
          .broadcast = true,
          .addresses = {*net::ParseIpPrefix("fe80::1/64")}};
}

// A host where everything is as it should be.
HostFacts GoodFacts() {
  HostFacts facts;
  facts.interfaces = {{Ethernet(), 1, 2}};
  facts.daemon = {.pid = 7,
                  .user = 999,
                  .capabilities = 1 << CAP_NET_RAW | 1 << CAP_NET_ADMIN};
  facts.ports = {{"UDP", EADDRINUSE}, {"TCP", EADDRINUSE}};
  facts.peers = {{.seed = At("192.0.2.12"),
                  .endpoint = At("192.0.2.12"),
                  .took = absl::Milliseconds(2),
                  .path_mtu = 1500,
                  .key = KeyVerdict::kUnderstood}};
  facts.clock = absl::FromCivil(absl::CivilYear(2024), absl::UTCTimeZone());
  facts.clock_synchronized = true;
  facts.secret_mode = 0100400;
  facts.secret_size = 45;
  return facts;
}

TEST(DiagnoseTest, AGoodHostHasNothingToRepair) {
  const auto findings = Diagnose(TypicalOptions(), GoodFacts());
  EXPECT_FALSE(HasFault(findings));
  std::vector<std::string> lines;
  for (const Finding& finding : findings) {
    EXPECT_EQ(finding.grade, Grade::kGood) << finding.subject;
    EXPECT_EQ(finding.remedy, "");
    lines.push_back(finding.subject + ": " + finding.text);
  }
  EXPECT_THAT(
      lines,
      ElementsAre("manifests: no problems", "interface eth0: usable",
                  "strict ARP on eth0: arp_ignore 1, arp_announce 2",
                  "lbd: runs, pid 7, uid 999",
                  "capabilities: CAP_NET_RAW, CAP_NET_ADMIN",
                  "gossip UDP 192.0.2.11:7946: lbd has it",
                  "gossip TCP 192.0.2.11:7946: lbd has it",
                  "gossip secret: /etc/lbd/secret", "clock: synchronized",
                  "join 192.0.2.12:7946: answers in 2.0 ms, MTU 1500",
                  "key at 192.0.2.12:7946: understood"));
}

// Other hosts choose the names of interfaces and hosts.
TEST(RenderTableTest, PrintsNoControlCharacters) {
  const std::vector<Finding> findings = {
      {Grade::kNote, "interface \x1b[2J", "a\nb", "c\x07"}};
  EXPECT_EQ(RenderTable(findings),
            "GRADE  SUBJECT            FOUND   REMEDY\n"
            "note   interface \\x1b[2J  a\\x0ab  c\\x07\n");
  EXPECT_EQ(RenderJson(findings).find('\x1b'), std::string::npos);
  EXPECT_EQ(RenderYaml(findings).find('\x1b'), std::string::npos);
}

TEST(RenderTableTest, IsOneLineForEachFinding) {
  EXPECT_EQ(RenderTable({{{Grade::kGood, "clock", "synchronized", ""},
                          {Grade::kFault, "join x", "late", "hurry"}}}),
            "GRADE  SUBJECT  FOUND         REMEDY\n"
            "ok     clock    synchronized  -\n"
            "fault  join x   late          hurry\n");
}

// One fact is wrong, and one finding says so and what to do.
struct Case {
  std::function<void(Options&, HostFacts&)> spoil;
  Finding want;
};

void ExpectFindings(absl::Span<const Case> cases) {
  for (const Case& c : cases) {
    SCOPED_TRACE(c.want.subject + ": " + c.want.text);
    Options options = TypicalOptions();
    HostFacts facts = GoodFacts();
    c.spoil(options, facts);
    const auto findings = Diagnose(options, facts);
    EXPECT_THAT(findings, Contains(c.want));
    EXPECT_TRUE(HasFault(findings) || c.want.grade != Grade::kFault);
  }
}

TEST(DiagnoseTest, FaultsOfManifestsAndInterfaces) {
  ExpectFindings({
      {[](auto& o, auto&) { o.manifests.clear(); },
       {Grade::kNote, "manifests", "none",
        "name files or folders: --manifests PATH"}},
      {[](auto&, auto& f) { f.problems = {"a.yaml:1: bad"}; },
       {Grade::kFault, "manifests", "a.yaml:1: bad",
        "repair the file; lbd --check tries it"}},
      {[](auto&, auto& f) { f.interfaces_error = "netlink: no"; },
       {Grade::kFault, "interfaces", "netlink: no",
        "run it on the host, not in a container without netlink"}},
      {[](auto&, auto& f) { f.interfaces.clear(); },
       {Grade::kFault, "interfaces", "none can announce",
        "switch one on, or name one: --interfaces PATTERN"}},
      {[](auto& o, auto&) { o.interfaces = {"bond?"}; },
       {Grade::kFault, "interfaces", "none can announce",
        "switch one on, or name one: --interfaces PATTERN"}},
      {[](auto&, auto& f) { f.interfaces[0].link.up = false; },
       {Grade::kNote, "interface eth0", "down", "ip link set eth0 up"}},
      {[](auto&, auto& f) { f.interfaces[0].link.carrier = false; },
       {Grade::kNote, "interface eth0", "no carrier",
        "plug its cable, or start what is at the other end"}},
      {[](auto&, auto& f) { f.interfaces[0].link.addresses.clear(); },
       {Grade::kNote, "interface eth0",
        "ARP usable, NDP no IPv6 link-local address",
        "for IPv6: sysctl net.ipv6.conf.eth0.disable_ipv6=0, and an address"}},
      // A dot in a name is a slash to sysctl, as in sysctl.d(5).
      {[](auto&, auto& f) {
         f.interfaces[0].link.name = "eth0.100";
         f.interfaces[0].link.addresses.clear();
       },
       {Grade::kNote, "interface eth0.100",
        "ARP usable, NDP no IPv6 link-local address",
        "for IPv6: sysctl net.ipv6.conf.eth0/100.disable_ipv6=0, and an "
        "address"}},
      {[](auto&, auto& f) { f.interfaces[0].link.broadcast = false; },
       {Grade::kNote, "interface eth0", "ARP cannot broadcast, NDP usable",
        "leave it out with --exclude-interfaces, if it is not meant to "
        "announce"}},
  });
}

TEST(DiagnoseTest, FaultsOfKernelAndDaemon) {
  ExpectFindings({
      {[](auto&, auto& f) { f.interfaces[0].arp_ignore = 0; },
       {Grade::kFault, "strict ARP on eth0", "arp_ignore 0, arp_announce 2",
        "sysctl -w net.ipv4.conf.all.arp_ignore=1 "
        "net.ipv4.conf.all.arp_announce=2, and in /etc/sysctl.d"}},
      {[](auto&, auto& f) { f.interfaces[0].arp_announce = 1; },
       {Grade::kFault, "strict ARP on eth0", "arp_ignore 1, arp_announce 1",
        "sysctl -w net.ipv4.conf.all.arp_ignore=1 "
        "net.ipv4.conf.all.arp_announce=2, and in /etc/sysctl.d"}},
      {[](auto&, auto& f) { f.daemon->capabilities = 1 << CAP_NET_RAW; },
       {Grade::kFault, "capabilities", "lbd has no CAP_NET_ADMIN",
        "start it by its unit (lbd(8), PRIVILEGES), or as root"}},
      {[](auto&, auto& f) { f.daemon->capabilities = 0; },
       {Grade::kFault, "capabilities", "lbd has no CAP_NET_RAW, CAP_NET_ADMIN",
        "start it by its unit (lbd(8), PRIVILEGES), or as root"}},
      {[](auto&, auto& f) { f.daemon.reset(); },
       {Grade::kNote, "lbd", "does not answer", "systemctl start lbd"}},
  });
}

TEST(DiagnoseTest, FaultsOfPortsSecretAndClock) {
  ExpectFindings({
      {[](auto&, auto& f) { f.daemon.reset(); },
       {Grade::kFault, "gossip UDP 192.0.2.11:7946", "another process has it",
        "ss -lntup sport = :7946 names it"}},
      {[](auto&, auto& f) { f.ports[1].error = EADDRNOTAVAIL; },
       {Grade::kFault, "gossip TCP 192.0.2.11:7946",
        "this host has no such address",
        "gossip-bind: an address of this host"}},
      {[](auto&, auto& f) { f.ports[1].error = EACCES; },
       {Grade::kFault, "gossip TCP 192.0.2.11:7946", "Permission denied",
        "another --gossip-bind"}},
      {[](auto&, auto& f) { f.ports[0].error = 0; },
       {Grade::kNote, "gossip UDP 192.0.2.11:7946", "free, though lbd runs",
        "it runs with other options: want --config FILE, lbd's own"}},
      {[](auto& o, auto&) { o.gossip.secret_file.clear(); },
       {Grade::kNote, "gossip secret", "none, though lbd runs",
        "it runs with other options: want --config FILE, lbd's own"}},
      {[](auto& o, auto& f) {
         o.gossip.secret_file.clear();
         f.daemon.reset();
       },
       {Grade::kFault, "gossip secret", "none: lbd does not start",
        "lbctl secret new FILE, and gossip-secret-file: FILE; the same bytes "
        "on all nodes; or gossip-in-the-clear: true"}},
      {[](auto& o, auto&) {
         o.gossip.secret_file.clear();
         o.gossip.in_the_clear = true;
       },
       {Grade::kNote, "gossip secret", "none: gossip is in the clear",
        "lbctl secret new FILE, and gossip-secret-file: FILE; the same bytes "
        "on all nodes"}},
      {[](auto&, auto& f) { f.secret_error = ENOENT; },
       {Grade::kFault, "gossip secret",
        "/etc/lbd/secret: No such file or directory",
        "chown lbd:lbd /etc/lbd/secret; chmod 400 /etc/lbd/secret"}},
      {[](auto&, auto& f) { f.secret_mode = 0100644; },
       {Grade::kFault, "gossip secret",
        "/etc/lbd/secret: open to all users (mode 644)",
        "chmod o= /etc/lbd/secret; take a new one"}},
      {[](auto&, auto& f) { f.secret_mode = 0100640; },
       {Grade::kNote, "gossip secret",
        "/etc/lbd/secret: its group has it too (mode 640)",
        "chown lbd:lbd /etc/lbd/secret; chmod 400 /etc/lbd/secret"}},
      {[](auto&, auto& f) { f.secret_size = 15; },
       {Grade::kNote, "gossip secret",
        "/etc/lbd/secret: 15 bytes can be guessed",
        "16 or more: lbctl secret new FILE, then lbctl rotate-key"}},
      {[](auto&, auto& f) { f.clock = absl::UnixEpoch(); },
       {Grade::kFault, "clock", "says year 1970",
        "set it: timedatectl set-time, or set-ntp true"}},
      {[](auto&, auto& f) { f.clock_synchronized = false; },
       {Grade::kNote, "clock",
        "not synchronized; the earlier claim keeps a disputed address",
        "timedatectl set-ntp true"}},
  });
}

TEST(DiagnoseTest, FaultsOfTlsFiles) {
  const auto with_tls = [](absl::Status found) {
    return [found](Options& o, HostFacts& f) {
      o.status.tls.cert = "/etc/lbd/cert.pem";
      f.tls = found;
    };
  };
  ExpectFindings({
      {with_tls(absl::OkStatus()),
       {Grade::kGood, "status TLS", "/etc/lbd/cert.pem", ""}},
      {with_tls(absl::InvalidArgumentError(
           "status-tls-cert: /etc/lbd/cert.pem: has expired, want a valid "
           "certificate")),
       {Grade::kFault, "status TLS",
        "status-tls-cert: /etc/lbd/cert.pem: has expired, want a valid "
        "certificate",
        "repair the file, without it lbd does not start; lbd --check tries "
        "it"}},
      {with_tls(absl::PermissionDeniedError("/etc/lbd/key.pem")),
       {Grade::kNote, "status TLS", "/etc/lbd/key.pem: Permission denied",
        "run it as root, or as the user that lbd runs as"}},
  });
}

TEST(DiagnoseTest, FaultsOfPeers) {
  ExpectFindings({
      {[](auto&, auto& f) { f.peers[0].error = ECONNREFUSED; },
       {Grade::kFault, "join 192.0.2.12:7946", "no process listens there",
        "start lbd there"}},
      {[](auto&, auto& f) { f.peers[0].error = ETIMEDOUT; },
       {Grade::kFault, "join 192.0.2.12:7946", "no answer within 1 s",
        "is it up? let TCP and UDP 7946 through firewalls"}},
      {[](auto&, auto& f) { f.peers[0].error = ENETUNREACH; },
       {Grade::kFault, "join 192.0.2.12:7946", "Network is unreachable",
        "a route to it: ip route get ADDRESS"}},
      {[](auto&, auto& f) { f.peers[0].path_mtu = 1427; },
       {Grade::kNote, "join 192.0.2.12:7946", "answers in 2.0 ms, MTU 1427",
        "gossip packets of up to 1428 bytes are split on the way: raise the "
        "MTU between the nodes"}},
  });
}

TEST(DiagnoseTest, FaultsOfNamesAndKeys) {
  constexpr const char* kSameSecret =
      "the same gossip-secret-file on all nodes, byte by byte: a newline at "
      "its end counts";
  ExpectFindings({
      {[](auto&, auto& f) {
         f.peers[0].seed = *net::ParseHostPort("n2", 7946);
         f.peers[0].endpoint.reset();
         f.peers[0].fault = "n2: no such name";
       },
       {Grade::kFault, "join n2:7946", "n2: no such name",
        "an address or a name that DNS or /etc/hosts knows"}},
      {[](auto&, auto& f) {
         f.peers[0].seed = *net::ParseHostPort("n2", 7946);
         f.peers[0].error = ECONNREFUSED;
       },
       {Grade::kFault, "join n2 192.0.2.12:7946", "no process listens there",
        "start lbd there"}},
      {[](auto&, auto& f) { f.peers[0].key = KeyVerdict::kOtherKey; },
       {Grade::kFault, "key at 192.0.2.12:7946",
        "does not decrypt: its secret is another", kSameSecret}},
      {[](auto&, auto& f) { f.peers[0].key = KeyVerdict::kTheirsClear; },
       {Grade::kFault, "key at 192.0.2.12:7946",
        "it gossips in the clear, this node encrypts", kSameSecret}},
      {[](auto&, auto& f) { f.peers[0].key = KeyVerdict::kOursClear; },
       {Grade::kFault, "key at 192.0.2.12:7946",
        "it encrypts, and there is no secret here", kSameSecret}},
      {[](auto&, auto& f) { f.peers[0].key = KeyVerdict::kOtherDerivation; },
       {Grade::kFault, "key at 192.0.2.12:7946",
        "it knows the secret's other key only",
        "another gossip-key-derivation here (sha256, legacy), or upgrade it"}},
      {[](auto&, auto& f) { f.peers[0].key = KeyVerdict::kClosed; },
       {Grade::kFault, "key at 192.0.2.12:7946",
        "it ends the connection without an answer",
        "is that lbd or memberlist? then its secret or its label is another"}},
      {[](auto&, auto& f) { f.peers[0].key = KeyVerdict::kSilent; },
       {Grade::kFault, "key at 192.0.2.12:7946", "no answer within 1 s",
        "is that lbd or memberlist? is it overloaded?"}},
      {[](auto&, auto& f) {
         f.key_error = "gossip-secret-file: /s: cannot read it";
       },
       {Grade::kNote, "key",
        "not tried with any peer: gossip-secret-file: /s: cannot read it",
        "run it as root, or as a user that may read the secret"}},
      {[](auto&, auto& f) { f.no_options_file = "/etc/lbd/lbd.yaml"; },
       {Grade::kNote, "options",
        "/etc/lbd/lbd.yaml: no such file; these are the defaults",
        "--config FILE, if lbd runs with another one"}},
  });
}

TEST(DiagnoseTest, LbdIsLookedForWhereServerSays) {
  ExpectFindings({
      {[](auto&, auto& f) {
         f.daemon.reset();
         f.socket = "unix:/run/other.sock";
         f.socket_error = ENOENT;
       },
       {Grade::kNote, "lbd", "does not answer at unix:/run/other.sock",
        "systemctl start lbd"}},
      {[](auto&, auto& f) {
         f.daemon.reset();
         f.socket = "unix:/run/lbd/lbd.sock";
         f.socket_error = EACCES;
       },
       {Grade::kNote, "lbd", "unix:/run/lbd/lbd.sock: Permission denied",
        "run it as root, or as a user of the socket's group: status-group"}},
      {[](auto&, auto& f) {
         f.socket = "unix:/run/lbd/lbd.sock";
         f.other_server = "n1:7473";
       },
       {Grade::kNote, "server",
        "n1:7473 is no unix socket of this host: looked at "
        "unix:/run/lbd/lbd.sock",
        "--server unix:PATH, or the host that it is on"}},
  });
  // Most likely lbd itself has the port, so it is no fault.
  HostFacts facts = GoodFacts();
  facts.daemon.reset();
  facts.socket_error = EACCES;
  EXPECT_FALSE(HasFault(Diagnose(TypicalOptions(), facts)));
}

// A name had addresses of both families, and the host had no IPv6. One address
// was reported as a fault, although lbd joined by the other.
TEST(DiagnoseTest, AnAddressOfAFamilyThatTheHostLacksIsSpared) {
  HostFacts facts = GoodFacts();
  facts.interfaces[0].link.addresses = {*net::ParseIpPrefix("192.0.2.11/24"),
                                        *net::ParseIpPrefix("fe80::1/64")};
  facts.peers[0].seed = *net::ParseHostPort("n2", 7946);
  facts.peers.push_back({.seed = facts.peers[0].seed,
                         .endpoint = At("[2001:db8::12]:7946"),
                         .error = ENETUNREACH});
  EXPECT_FALSE(HasFault(Diagnose(TypicalOptions(), facts)));
  EXPECT_THAT(
      Diagnose(TypicalOptions(), facts),
      Contains(Finding{Grade::kGood, "join n2 [2001:db8::12]:7946",
                       "not tried: this host has no IPv6 address", ""}));
  // A host with IPv6 should reach it, and also what the list names by address.
  HostFacts able = facts;
  able.interfaces[0].link.addresses.push_back(
      *net::ParseIpPrefix("2001:db8::11/64"));
  EXPECT_TRUE(HasFault(Diagnose(TypicalOptions(), able)));
  HostFacts named = facts;
  named.peers[1].seed = At("[2001:db8::12]:7946");
  EXPECT_TRUE(HasFault(Diagnose(TypicalOptions(), named)));
  // No other address is left to join by.
  facts.peers.erase(facts.peers.begin());
  EXPECT_TRUE(HasFault(Diagnose(TypicalOptions(), facts)));
}

TEST(DiagnoseTest, BeforeTheStartPortsAreFree) {
  HostFacts facts = GoodFacts();
  facts.daemon.reset();
  facts.ports = {{"UDP", 0}, {"TCP", 0}};
  const auto findings = Diagnose(TypicalOptions(), facts);
  EXPECT_FALSE(HasFault(findings));
  EXPECT_THAT(findings,
              Contains(Finding{Grade::kGood, "gossip UDP 192.0.2.11:7946",
                               "free", ""}));
}

TEST(DiagnoseTest, WithoutLoopbackDeliveryTheKernelsArpDoesNotMatter) {
  Options options = TypicalOptions();
  options.deliver = Deliver::kNone;
  HostFacts facts = GoodFacts();
  facts.interfaces[0].arp_ignore = 0;
  facts.daemon->capabilities = 1 << CAP_NET_RAW;
  const auto findings = Diagnose(options, facts);
  EXPECT_FALSE(HasFault(findings));
  EXPECT_THAT(findings,
              Not(Contains(Field(&Finding::subject, HasSubstr("strict ARP")))));
}

TEST(DiagnoseTest, AKubeProxyInIpvsModeNeedsStrictArp) {
  Options options = TypicalOptions();
  options.deliver = Deliver::kNone;
  HostFacts facts = GoodFacts();
  facts.interfaces[0].arp_ignore = 0;
  facts.interfaces.push_back(
      {{.index = 9, .name = "kube-ipvs0", .noarp = true}, 0, 0});
  EXPECT_THAT(
      Diagnose(options, facts),
      Contains(AllOf(Field(&Finding::grade, Grade::kFault),
                     Field(&Finding::subject, "strict ARP on eth0"),
                     Field(&Finding::remedy,
                           HasSubstr("kubectl get configmap kube-proxy")))));
  facts.interfaces[0].arp_ignore = 1;
  EXPECT_FALSE(HasFault(Diagnose(options, facts)));
}

TEST(DiagnoseTest, InterfacesThatAreLeftOutSayNothing) {
  HostFacts facts = GoodFacts();
  io::Link loopback = {.index = 1, .name = "lo", .up = true, .loopback = true};
  io::Link port = Ethernet();
  port.name = "swp1";
  port.master = 9;
  facts.interfaces.push_back({loopback, 0, 0});
  facts.interfaces.push_back({port, 1, 2});
  const auto findings = Diagnose(TypicalOptions(), facts);
  for (const char* subject : {"interface lo", "interface swp1"}) {
    EXPECT_THAT(findings,
                Not(Contains(Field(&Finding::subject, HasSubstr(subject)))));
  }
}

TEST(RenderJsonTest, IsAListOfObjects) {
  const std::string json =
      RenderJson({{{Grade::kFault, "join \"x\"", "a", "b"}}});
  EXPECT_THAT(json, HasSubstr(R"("grade": "fault")"));
  EXPECT_THAT(json, HasSubstr(R"("subject": "join \"x\"")"));
  EXPECT_THAT(json, HasSubstr(R"("text": "a")"));
  EXPECT_THAT(json, HasSubstr(R"("remedy": "b")"));
  EXPECT_EQ(json.front(), '[');
  EXPECT_EQ(RenderJson({}), "[]\n");
}

TEST(RenderYamlTest, IsAListOfObjects) {
  const std::string yaml = RenderYaml({{{Grade::kFault, "join", "a", "b"}}});
  for (const char* field : {"grade: \"fault\"\n", "remedy: \"b\"\n",
                            "subject: \"join\"\n", "text: \"a\"\n"}) {
    EXPECT_THAT(yaml, HasSubstr(field));
  }
  EXPECT_EQ(yaml.substr(0, 6), "---\n- ");
}

}  // namespace
}  // namespace lb::lbctl
