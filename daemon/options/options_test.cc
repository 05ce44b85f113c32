#include "daemon/options/options.h"

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/announce/interface.h"
#include "lb/config/problem.h"
#include "lb/net/endpoint.h"
#include "lb/net/ip_address.h"

namespace lb {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> Faults(const std::string& text, Options* options) {
  std::vector<std::string> lines;
  for (const config::Problem& problem :
       ParseOptionsFile("o.yaml", text, options)) {
    lines.push_back(problem.ToString());
  }
  return lines;
}

TEST(OptionsTest, DefaultsAreThoseOfTheDocumentation) {
  const Options options;
  EXPECT_EQ(options.state_dir, "/var/lib/lbd");
  EXPECT_EQ(options.gossip.bind.ToString(), "0.0.0.0:7946");
  EXPECT_EQ(options.gossip.profile, GossipProfile::kFast);
  EXPECT_THAT(options.status.listen, ElementsAre("unix:/run/lbd/lbd.sock"));
  EXPECT_EQ(options.exclude_interfaces,
            announce::InterfaceOptions::DefaultExclude());
  EXPECT_EQ(options.deliver, Deliver::kNone);
}

// As `join` takes it.
TEST(ParseOptionsFileTest, AListOfPatternsMayHaveCommas) {
  Options options;
  EXPECT_THAT(Faults("interfaces: \"lan0, eth*\"\n"
                     "exclude-interfaces: [docker0, \"veth*,lo\"]\n",
                     &options),
              IsEmpty());
  EXPECT_THAT(options.interfaces, ElementsAre("lan0", "eth*"));
  EXPECT_THAT(options.exclude_interfaces,
              ElementsAre("docker0", "veth*", "lo"));
}

TEST(ParseOptionsFileTest, ReadsEveryOption) {
  Options options;
  EXPECT_THAT(Faults(R"(
node-name: n1
state-dir: /tmp/s
manifests: [/etc/a, b.yaml]
lb-class: example.com/lb
gossip-bind: 192.0.2.1
gossip-advertise: 198.51.100.1:9
join: [192.0.2.2, "192.0.2.3:7", "[2001:db8::1]:8", n4, "n5.example:9"]
gossip-secret-file: /etc/secret
gossip-key-derivation: legacy
gossip-label: blue
gossip-allowed-networks: [192.0.2.0/24, "2001:db8::/32"]
gossip-profile: wan
election-policy: sticky
hold-down: 90s
drain-on: [cordon, example.com/maintenance]
bgp-listen: "[::]"
drain-wait: 7s
ignore-exclude-lb: true
interfaces: ^eth
exclude-interfaces: []
status-listen: [unix:/a, 127.0.0.1:9000]
status-group: adm
status-tls-cert: /c
status-tls-key: /k
status-tls-client-ca: /a
status-tls-anonymous: true
status-tls-readers: [monitor.example, "spiffe://example/m", "FD00::0:1"]
status-tls-admins: 192.0.2.7
admin-over-tls: true
insecure-status: true
metrics-listen: 0.0.0.0:7473
deliver: loopback
busy-poll: 1ms
user: lbd
log-level: debug
log-format: json
)",
                     &options),
              IsEmpty());
  Options want;
  want.node_name = "n1";
  want.state_dir = "/tmp/s";
  want.manifests = {"/etc/a", "b.yaml"};
  want.load_balancer_class = "example.com/lb";
  want.gossip.bind = *net::ParseEndpoint("192.0.2.1:7946", 0);
  want.gossip.advertise = *net::ParseEndpoint("198.51.100.1:9", 0);
  want.gossip.join = {*net::ParseEndpoint("192.0.2.2:7946", 0),
                      *net::ParseEndpoint("192.0.2.3:7", 0),
                      *net::ParseEndpoint("[2001:db8::1]:8", 0),
                      *net::ParseHostPort("n4:7946", 0),
                      *net::ParseHostPort("n5.example:9", 0)};
  want.gossip.secret_file = "/etc/secret";
  want.gossip.key_derivation = gossip::wire::KeyDerivation::kLegacy;
  want.gossip.label = "blue";
  want.gossip.allowed_networks = {*net::ParseIpPrefix("192.0.2.0/24"),
                                  *net::ParseIpPrefix("2001:db8::/32")};
  want.gossip.profile = GossipProfile::kWan;
  want.election_policy = election::Policy::kSticky;
  want.hold_down = absl::Seconds(90);
  want.drain.on = {"cordon", "example.com/maintenance"};
  want.bgp_listen = *net::ParseEndpoint("[::]:179", 0);
  want.drain.wait = absl::Seconds(7);
  want.ignore_exclude_lb = true;
  want.interfaces = {"^eth"};
  want.exclude_interfaces = {};
  want.status.listen = {"unix:/a", "127.0.0.1:9000"};
  want.status.group = "adm";
  want.status.tls.cert = "/c";
  want.status.tls.key = "/k";
  want.status.tls.client_ca = "/a";
  want.status.tls.anonymous = true;
  want.status.tls.readers = {"monitor.example", "spiffe://example/m",
                             "fd00::1"};
  want.status.tls.admins = {"192.0.2.7"};
  want.status.admin_over_tls = true;
  want.status.insecure = true;
  want.metrics_listen = "0.0.0.0:7473";
  want.deliver = Deliver::kLoopback;
  want.busy_poll = absl::Milliseconds(1);
  want.user = "lbd";
  want.log_level = LogLevel::kDebug;
  want.log_format = LogFormat::kJson;
  EXPECT_EQ(options, want);
}

TEST(ParseOptionsFileTest, AnEmptyFileChangesNothing) {
  Options options;
  EXPECT_THAT(Faults("# Nothing.\n", &options), IsEmpty());
  EXPECT_EQ(options, Options());
}

struct FaultCase {
  std::string text;
  std::string problem;
};
const FaultCase kFaults[] = {
    {"node-name: a/b\n",
     "o.yaml:1: options: node-name: \"a/b\", want 1 to 253 letters, digits, "
     "'-', '_' and '.'"},
    {"node-name: [a]\n", "o.yaml:1: options: node-name: a list, want a text"},
    {"\nstate-dir: ''\n", "o.yaml:2: options: state-dir: \"\", want a path"},
    {"manifests: {}\n",
     "o.yaml:1: options: manifests: a map, want a text or a list of texts"},
    {"manifests: [a, [b]]\n",
     "o.yaml:1: options: manifests[1]: a list, want a text"},
    {"gossip-advertise: 0.0.0.0\n",
     "o.yaml:1: options: gossip-advertise: \"0.0.0.0\", want an address that "
     "peers can reach"},
    {"gossip-label: \"a\\nb\"\n",
     "o.yaml:1: options: gossip-label: \"a\\x0ab\", want up to 255 printable "
     "bytes"},
    {"gossip-allowed-networks: [10.0.0.0/8, 10.0.0.0/33]\n",
     "o.yaml:1: options: gossip-allowed-networks: \"10.0.0.0/33\": prefix "
     "length 33, want 0..32"},
    {"join: [n2, 172.18.8.300]\n",
     "o.yaml:1: options: join: \"172.18.8.300\": want an address or a host "
     "name, and perhaps :port"},
    {"join: ['::']\n",
     "o.yaml:1: options: join: \"::\", want the address or name of another "
     "node"},
    {"join: [n2, '224.0.0.1:9']\n",
     "o.yaml:1: options: join: \"224.0.0.1:9\", want the address or name of "
     "another node"},
    {"join: ['fd00::1:7946']\n",
     "o.yaml:1: options: join: \"fd00::1:7946\": an IPv6 address and a port "
     "without brackets, want [fd00::1]:7946, or [fd00::1:7946] for that "
     "address"},
    {"gossip-bind: fd00::1:7946\n",
     "o.yaml:1: options: gossip-bind: \"fd00::1:7946\": an IPv6 address and a "
     "port without brackets, want [fd00::1]:7946, or [fd00::1:7946] for that "
     "address"},
    {"gossip-key-derivation: sha1\n",
     "o.yaml:1: options: gossip-key-derivation: \"sha1\", want one of sha256, "
     "legacy"},
    {"gossip-profile: quick\n",
     "o.yaml:1: options: gossip-profile: \"quick\", want one of fast, turbo, "
     "lan, wan, local"},
    {"fast-node-failure-limit: 1\n",
     "o.yaml:1: options: fast-node-failure-limit: \"1\", want a number from 2 "
     "to 1000"},
    {"fast-node-failure-grace: 1m\n",
     "o.yaml:1: options: fast-node-failure-grace: \"1m\", want a duration such "
     "as 1m30s, from 0 to 20s"},
    {"election-policy: hash\n",
     "o.yaml:1: options: election-policy: \"hash\", want compat, sticky or "
     "balanced"},
    {"hold-down: 2h\n",
     "o.yaml:1: options: hold-down: \"2h\", want a duration such as 1m30s, "
     "from 0 to 1h"},
    {"hold-down: '30'\n",
     "o.yaml:1: options: hold-down: \"30\", want a duration such as 1m30s, "
     "from 0 to 1h"},
    {"status-listen: unix:lbd.sock\n",
     "o.yaml:1: options: status-listen: \"unix:lbd.sock\", want unix: and a "
     "path from / of up to 107 bytes"},
    {"status-listen: 127.0.0.1\n",
     "o.yaml:1: options: status-listen: \"127.0.0.1\", want unix:/path, or an "
     "address and a port"},
    {"status-tls-readers: [a.example, '*.example']\n",
     "o.yaml:1: options: status-tls-readers: \"*.example\", want a DNS name, "
     "URI or IP address as the certificate has it, no pattern"},
    {"status-tls-readers: []\n",
     "o.yaml:1: options: status-tls-readers: \"\", want a DNS name, URI or IP "
     "address as the certificate has it, no pattern"},
    {"status-tls-admins: ''\n",
     "o.yaml:1: options: status-tls-admins: \"\", want a DNS name, URI or IP "
     "address as the certificate has it, no pattern"},
    {"metrics-listen: 127.0.0.1\n",
     "o.yaml:1: options: metrics-listen: \"127.0.0.1\", want an address and a "
     "port"},
    {"insecure-status: yes\n",
     "o.yaml:1: options: insecure-status: \"yes\", want true or false"},
    {"log-level: 7\n",
     "o.yaml:1: options: log-level: \"7\", want one of debug, info, warning, "
     "error"},
    {"- a\n", "o.yaml:1: options: a list, want a map of options"},
    {"---\n---\na: 1\n", "o.yaml:3: options: a second document, want one"},
    {"user: ''\n", "o.yaml:1: options: user: \"\", want a user's name"},
    {"deliver: none\ndeliver: loopback\n",
     "o.yaml:2: options: deliver: given twice, want it once"},
};

TEST(ParseOptionsFileTest, NamesEachFaultAndKeepsTheValue) {
  for (const FaultCase& c : kFaults) {
    SCOPED_TRACE(c.text);
    Options options;
    EXPECT_THAT(Faults(c.text, &options), ElementsAre(c.problem));
    EXPECT_EQ(options, Options());
  }
}

TEST(ParseOptionsFileTest, ListsTheOptionsWhenOneIsUnknown) {
  Options options;
  const std::vector<std::string> faults = Faults("manifest: x\n", &options);
  ASSERT_EQ(faults.size(), 1u);
  EXPECT_THAT(faults[0],
              testing::StartsWith("o.yaml:1: options: manifest: unknown field, "
                                  "want one of node-name, state-dir, "
                                  "manifests, "));
}

TEST(LoadOptionsFileTest, NamesAFileThatIsNotThere) {
  Options options;
  const std::vector<config::Problem> problems =
      LoadOptionsFile("/nonexistent/o.yaml", &options);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].ToString(),
            "/nonexistent/o.yaml: options: cannot read it: No such file or "
            "directory");
}

struct TogetherCase {
  std::string options;
  std::string problem;  // Empty: they go together.
};
const TogetherCase kTogether[] = {
    {"", ""},
    {"status-listen: [unix:/a, unix:/b]", ""},
    {"{gossip-bind: '[::]:9000', join: [n2, 'fd00::1:9', '[fd00::1]:9000']}",
     ""},
    {"{gossip-bind: '[::]:9000', join: ['fd00::1:9000']}",
     "join: \"fd00::1:9000\": an IPv6 address and a port without brackets, "
     "want [fd00::1]:9000, or [fd00::1:9000] for that address"},
    {"status-listen: 127.0.0.1:9",
     "status-listen: \"127.0.0.1:9\" is plain TCP, want status-tls-cert and "
     "status-tls-key, or insecure-status and a loopback address"},
    {"{status-listen: 127.0.0.1:9, insecure-status: true}", ""},
    {"{status-listen: '[::1]:9', insecure-status: true}", ""},
    {"{status-listen: 10.0.0.1:9, insecure-status: true}",
     "status-listen: \"10.0.0.1:9\" is plain TCP, want status-tls-cert and "
     "status-tls-key, or insecure-status and a loopback address"},
    {"{status-listen: 10.0.0.1:9, status-tls-cert: c, status-tls-key: k}",
     "status-listen: \"10.0.0.1:9\" is open to other hosts, want "
     "status-tls-client-ca, or status-tls-anonymous"},
    {"{status-listen: 10.0.0.1:9, status-tls-cert: c, status-tls-key: k, "
     "status-tls-client-ca: a}",
     ""},
    {"{status-listen: 10.0.0.1:9, status-tls-cert: c, status-tls-key: k, "
     "status-tls-anonymous: true}",
     ""},
    {"{status-listen: '[::1]:9', status-tls-cert: c, status-tls-key: k}", ""},
    {"{status-listen: ['127.0.0.1:9', '[::]:9'], status-tls-cert: c, "
     "status-tls-key: k}",
     "status-listen: \"[::]:9\" is open to other hosts, want "
     "status-tls-client-ca, or status-tls-anonymous"},
    {"status-tls-anonymous: true",
     "status-tls-cert: not given, status-tls-anonymous wants it"},
    {"{status-tls-cert: c, status-tls-key: k, status-tls-client-ca: a, "
     "status-tls-anonymous: true}",
     "status-tls-anonymous: \"true\", want false: status-tls-client-ca asks "
     "clients for certificates"},
    {"status-tls-readers: a",
     "status-tls-client-ca: not given, status-tls-readers wants it"},
    {"status-tls-admins: a",
     "status-tls-client-ca: not given, status-tls-admins wants it"},
    {"{status-tls-cert: c, status-tls-key: k, status-tls-client-ca: a, "
     "status-tls-admins: a}",
     "admin-over-tls: not given, status-tls-admins wants it"},
    {"{status-tls-cert: c, status-tls-key: k, status-tls-client-ca: a, "
     "status-tls-readers: a, admin-over-tls: true}",
     "status-tls-admins: not given, admin-over-tls with status-tls-readers "
     "wants it"},
    {"{status-tls-cert: c, status-tls-key: k, status-tls-client-ca: a, "
     "status-tls-readers: a, status-tls-admins: b, admin-over-tls: true}",
     ""},
    {"status-tls-cert: c",
     "status-tls-key: not given, want both certificate and key"},
    {"status-tls-key: k",
     "status-tls-cert: not given, want both certificate and key"},
    {"status-tls-client-ca: a",
     "status-tls-cert: not given, status-tls-client-ca wants it"},
    {"{status-tls-cert: c, status-tls-key: k, admin-over-tls: true}",
     "status-tls-client-ca: not given, admin-over-tls wants it"},
    {"{status-tls-cert: c, status-tls-key: k, status-tls-client-ca: a, "
     "admin-over-tls: true}",
     ""},
    {"{kubernetes: true, role: controller, kubeconfig: /k}", ""},
    {"{kubernetes: true, manifests: /m}",
     "manifests: given besides kubernetes, want one of the two, as objects "
     "come from files, or from the API server; or pools-from: manifests, for "
     "pools and advertisements alone"},
    {"{kubernetes: true, manifests: /m, pools-from: manifests}", ""},
    {"{kubernetes: true, pools-from: manifests}",
     "pools-from: manifests, and none are given"},
    {"pools-from: manifests", "kubernetes: not given, pools-from wants it"},
    {"role: speaker", "kubernetes: not given, role wants it"},
    {"kubeconfig: /k", "kubernetes: not given, kubeconfig wants it"},
    {"kube-api-server: 'https://a'",
     "kubernetes: not given, kube-api-server wants it"},
    {"speaker-pods: app=metallb",
     "kubernetes: not given, speaker-pods wants it"},
    {"fast-node-failure: true",
     "kubernetes: not given, fast-node-failure wants it"},
    {"kubernetes-namespace: a",
     "kubernetes: not given, kubernetes-namespace wants it"},
    {"{kubernetes: true, lease-duration: 15s, lease-renew-deadline: 10s, "
     "lease-retry-period: 2s}",
     ""},
    {"{kubernetes: true, lease-duration: 3s}",
     "lease-duration: 3s, want whole seconds and more than "
     "lease-renew-deadline (3s)"},
    {"{kubernetes: true, lease-duration: 5500ms}",
     "lease-duration: 5.5s, want whole seconds and more than "
     "lease-renew-deadline (3s)"},
    {"{kubernetes: true, lease-renew-deadline: 1200ms}",
     "lease-renew-deadline: 1.2s, want more than 1.2 times "
     "lease-retry-period (1s), which is more than 0"},
    {"{kubernetes: true, lease-retry-period: '0'}",
     "lease-renew-deadline: 3s, want more than 1.2 times "
     "lease-retry-period (0), which is more than 0"},
};

TEST(ValidateTest, NamesOptionsThatDoNotGoTogether) {
  for (const TogetherCase& c : kTogether) {
    SCOPED_TRACE(c.options);
    Options options;
    ASSERT_THAT(Faults(c.options + "\n", &options), IsEmpty());
    EXPECT_EQ(Validate(options).message(), c.problem);
  }
}

const TogetherCase kSecrecy[] = {
    {"gossip-bind: 127.0.0.1", ""},
    {"gossip-bind: '[::1]:9'", ""},
    {"gossip-secret-file: /s", ""},
    {"gossip-in-the-clear: true", ""},
    {"{gossip-secret-file: /s, join: n2}", ""},
    {"{gossip-in-the-clear: true, join: n2}", ""},
    {"",
     "gossip-secret-file: not given, and others reach gossip-bind "
     "(0.0.0.0:7946): want the cluster's secret, the same on all nodes "
     "(\"lbctl secret new FILE\" makes one), or gossip-in-the-clear"},
    {"gossip-bind: '[fd00::1]:9'",
     "gossip-secret-file: not given, and others reach gossip-bind "
     "([fd00::1]:9): want the cluster's secret, the same on all nodes "
     "(\"lbctl secret new FILE\" makes one), or gossip-in-the-clear"},
    {"{kubernetes: true, role: controller}", ""},
    {"{gossip-bind: 127.0.0.1, join: n2}",
     "gossip-secret-file: not given, and join names other nodes: want the "
     "cluster's secret, the same on all nodes (\"lbctl secret new FILE\" makes "
     "one), or gossip-in-the-clear"},
};

TEST(ValidateSecrecyTest, AClusterWantsASecretOrAWordThatItNeedsNone) {
  for (const TogetherCase& c : kSecrecy) {
    SCOPED_TRACE(c.options);
    Options options;
    ASSERT_THAT(Faults(c.options + "\n", &options), IsEmpty());
    EXPECT_EQ(ValidateSecrecy(options).message(), c.problem);
  }
}

TEST(AllOptionsTest, ShownValuesCanBeSetAgain) {
  std::set<std::string_view> names;
  Options shown;
  shown.node_name = "n1";
  shown.manifests = {"a.yaml"};
  shown.gossip.advertise = *net::ParseEndpoint("192.0.2.1:7", 0);
  shown.gossip.join = {*net::ParseEndpoint("192.0.2.2:7", 0),
                       *net::ParseHostPort("n3.example:7", 0)};
  shown.gossip.secret_file = "/s";
  shown.gossip.in_the_clear = true;
  shown.gossip.label = "blue";
  shown.gossip.allowed_networks = {*net::ParseIpPrefix("192.0.2.0/24")};
  shown.status.listen = {"unix:/a"};
  shown.status.group = "adm";
  shown.status.tls.cert = "/c";
  shown.status.tls.key = "/k";
  shown.status.tls.client_ca = "/a";
  shown.status.tls.readers = {"monitor.example"};
  shown.status.tls.admins = {"192.0.2.7"};
  shown.status.admin_over_tls = true;
  shown.status.insecure = true;
  shown.metrics_listen = "127.0.0.1:7473";
  shown.bgp_listen = {net::IpAddress::Ipv6(0), 1790};
  shown.interfaces = {"^eth"};
  shown.exclude_interfaces = {"^lo$"};
  shown.user = "lbd";
  shown.kubernetes = {.enabled = true,
                      .role = Role::kSpeaker,
                      .kubeconfig = "/k",
                      .api_server = "https://192.0.2.1:6443",
                      .name_space = "balancers",
                      .pools_from = PoolsFrom::kManifests,
                      .lease_duration = absl::Seconds(15),
                      .lease_renew_deadline = absl::Seconds(10),
                      .lease_retry_period = absl::Milliseconds(2500),
                      .fast_node_failure = true,
                      .fast_node_failure_grace = absl::Seconds(2),
                      .fast_node_failure_limit = 10};
  Options set;
  for (const OptionSpec& spec : AllOptions()) {
    EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
    EXPECT_TRUE(spec.set({{spec.show(shown)}}, &set).ok()) << spec.name;
  }
  EXPECT_EQ(set, shown);
}

}  // namespace
}  // namespace lb
