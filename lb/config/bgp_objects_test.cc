// The objects for BGP: each field, each default, each refusal of one object.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/config/desired.h"
#include "lb/config/manifests.h"
#include "lb/config/testing/desired_text.h"

namespace lb::config {
namespace {

using testing::HasSubstr;
using testing::Not;

Desired Read(const std::string& text) {
  Manifests manifests;
  ParseManifests("a.yaml", text, {}, &manifests);
  return BuildDesired(manifests, {});
}

std::string Object(const std::string& kind, const std::string& name,
                   const std::string& spec) {
  return fmt::format(
      "---\napiVersion: metallb.io/{}\nkind: {}\nmetadata: {{name: {}}}\n"
      "spec: {{{}}}\n",
      kind == "BGPPeer" ? "v1beta2" : "v1beta1", kind, name, spec);
}

std::string Peer(const std::string& more) {
  return Object("BGPPeer", "p",
                "myASN: 64512, peerASN: 64513, peerAddress: 192.0.2.1" + more);
}

const std::string kPeer = "peer p as=64512 peerAs=64513 at=192.0.2.1";

struct GoodCase {
  const char* name;
  std::string text;
  std::string desired;
};

void ExpectRead(const std::vector<GoodCase>& cases) {
  for (const GoodCase& c : cases) {
    SCOPED_TRACE(c.name);
    const Desired desired = Read(c.text);
    EXPECT_EQ(ToText(desired.problems), "");
    EXPECT_EQ(ToText(desired), c.desired + "\n");
  }
}

TEST(BgpPeerTest, FieldsAndDefaults) {
  const std::vector<GoodCase> cases = {
      {"defaults", Peer(""), kPeer},
      {"numbers of 32 bits",
       Object("BGPPeer", "p",
              "myASN: 4200000000, dynamicASN: external, localASN: 4294967295, "
              "interface: eth1"),
       "peer p as=4200000000 external localAs=4294967295 interface=eth1"},
      {"a source on an interface",
       Object("BGPPeer", "p",
              "myASN: 1, peerASN: 2, interface: eth1, "
              "sourceAddress: 'fe80::9'"),
       "peer p as=1 peerAs=2 interface=eth1 from=fe80::9"},
      {"an internal peer",
       Object("BGPPeer", "p",
              "myASN: 1, dynamicASN: internal, peerAddress: 'fd00::1'"),
       "peer p as=1 internal at=fd00::1"},
      {"addresses",
       Peer(", peerPort: 1179, sourceAddress: 192.0.2.9, routerID: 10.0.0.1"),
       kPeer + " port=1179 from=192.0.2.9 id=10.0.0.1"},
      {"nodes", Peer(", nodeSelectors: [{matchLabels: {rack: a}}, {}]"),
       kPeer + " nodeSelectors={rack:a},{}"},
      {"a password", Peer(", password: s3cret"), kPeer + " password=6 bytes"},
      {"a reference without a name is none",
       Peer(", password: s3cret, passwordSecret: {}"),
       kPeer + " password=6 bytes"},
      {"values of nodes",
       "apiVersion: metallb.io/v1beta2\nkind: BGPPeer\n"
       "metadata:\n  name: p\n  annotations:\n"
       "    lb.io/my-asn-from: rack/asn\n"
       "    lb.io/peer-asn-from: tor-asn\n"
       "    lb.io/peer-address-from: bgp.lb.io/tor\n"
       "spec: {myASN: 64512, peerASN: 64513, peerAddress: 192.0.2.1}\n",
       kPeer +
           " myAsFrom=rack/asn peerAsFrom=tor-asn addressFrom=bgp.lb.io/tor"},
      {"switches",
       Peer(", enableGracefulRestart: true, ebgpMultiHop: true, "
            "dualStackAddressFamily: true, disableMP: true, vrf: ''"),
       kPeer + " restart multihop dual"},
      {"a BFD profile",
       Peer(", bfdProfile: fast") +
           Object("BFDProfile", "fast",
                  "receiveInterval: 10, transmitInterval: 60000, "
                  "detectMultiplier: 255, echoInterval: 20, echoMode: true, "
                  "passiveMode: true, minimumTtl: 1"),
       kPeer + " bfd=fast 10ms/1mx255 echo=20ms ttl=1 echoes passive"},
      {"a BFD profile by default",
       Peer(", bfdProfile: plain") + Object("BFDProfile", "plain", ""),
       kPeer + " bfd=plain 300ms/300msx3 echo=50ms ttl=254"},
      {"the older version",
       "apiVersion: metallb.io/v1beta1\nkind: BGPPeer\nmetadata: {name: p}\n"
       "spec: {myASN: 64512, peerASN: 64513, peerAddress: 192.0.2.1, peerPort: "
       "0, nodeSelectors: [{matchExpressions: [{key: rack, operator: In, "
       "values: [a]}]}]}\n",
       kPeer + " nodeSelectors={rack In(a)}"},
  };
  ExpectRead(cases);
}

TEST(BgpPeerTest, Timers) {
  ExpectRead({
      {"timers", Peer(", holdTime: 1m30s, keepaliveTime: 10s, connectTime: 5s"),
       kPeer + " hold=1m30s keepalive=10s connect=5s"},
      {"a keepalive alone", Peer(", keepaliveTime: 20s"),
       kPeer + " hold=1m keepalive=20s"},
      {"a hold time alone", Peer(", holdTime: 9s"),
       kPeer + " hold=9s keepalive=3s"},
      {"the shortest hold time", Peer(", holdTime: 3s"),
       kPeer + " hold=3s keepalive=1s"},
      {"a part of a second is cut off", Peer(", holdTime: 6500ms"),
       kPeer + " hold=6s keepalive=2s"},
      {"a hold time alone, as MetalLB's converter writes it",
       Peer(", holdTime: 9s, keepaliveTime: 0s"),
       kPeer + " hold=9s keepalive=3s"},
      {"no timers", Peer(", holdTime: 0s"), kPeer + " hold=0 keepalive=0"},
  });
}

TEST(BgpPeerTest, AKeepaliveTimeIsNoLongerThanTheHoldTimeThatWasCut) {
  const Desired desired =
      Read(Peer(", holdTime: 3999ms, keepaliveTime: 3500ms"));
  EXPECT_EQ(ToText(desired), kPeer + " hold=3s keepalive=3s\n");
}

struct BadCase {
  std::string more;     // Behind a good peer.
  std::string problem;  // Behind "a.yaml:LINE: BGPPeer/p: spec.".
};

TEST(BgpPeerTest, Refusals) {
  const BadCase cases[] = {
      {", peerPort: 0", "peerPort: \"0\", want a whole number 1..65535"},
      {", peerPort: 65536", "peerPort: \"65536\", want a whole number"},
      {", peerASn: 3", "peerASn: unknown field, want one of myASN, peerASN, "},
      {", dynamicASN: internal",
       "dynamicASN: set besides peerASN, want one of the two"},
      {", localASN: 4294967296",
       "localASN: \"4294967296\", want a whole number 0..4294967295"},
      {", interface: eth0",
       "interface: set besides peerAddress, want one of the two"},
      {", sourceAddress: x",
       "sourceAddress: \"x\": want an IPv4 or IPv6 address"},
      {", sourceAddress: 'fd00::1'",
       "sourceAddress: fd00::1, want an IPv4 address as peerAddress"},
      {", routerID: 'fd00::1'", "routerID: fd00::1, want an IPv4 address"},
      {", routerID: 0.0.0.0", "routerID: 0.0.0.0, want the address of a host"},
      {", holdTime: 90",
       "holdTime: \"90\", want a duration of 3s to 65535s, or 0"},
      {", holdTime: 2s",
       "holdTime: a hold time of 2s, want a duration of 3s to 65535s, or 0"},
      {", holdTime: 2999ms", "holdTime: a hold time of 2.999s, want"},
      {", holdTime: 500ms", "holdTime: a hold time of 500ms, want"},
      {", holdTime: 65536s", "holdTime: a hold time of 18h12m16s, want"},
      {", holdTime: -3s", "holdTime: \"-3s\", want a duration"},
      {", holdTime: inf", "holdTime: \"inf\", want a duration"},
      {", keepaliveTime: 100ms", "keepaliveTime: a hold time of 300ms, want"},
      {", holdTime: 9s, keepaliveTime: 10s",
       "keepaliveTime: 10s, want at most the holdTime of 9s"},
      {", holdTime: 9s, keepaliveTime: 999ms",
       "keepaliveTime: 999ms, want 1s or more, or a holdTime of 0"},
      {", connectTime: 500ms",
       "connectTime: 500ms, want whole seconds, 1s to 65535s"},
      {", connectTime: 1500ms", "connectTime: 1.5s, want whole seconds"},
      {", connectTime: 0s", "connectTime: 0, want whole seconds"},
      {", nodeSelectors: [{}, {}]",
       "nodeSelectors[1]: stands in the list already, want it once"},
      {", vrf: red",
       "vrf: lbd opens sessions in the default VRF only, want none"},
      {", bfdProfile: fast", "bfdProfile: \"fast\": no such BFDProfile\n"},
      {", passwordSecret: {name: s, key: k}",
       "passwordSecret.key: unknown field, want one of name, namespace"},
      {", passwordSecret: {name: s}",
       "passwordSecret: default/s: no such Secret, want one of type "
       "kubernetes.io/basic-auth\n"},
      {", password: s3cret, passwordSecret: {name: s}",
       "passwordSecret: set besides password, want one of the two"},
  };
  for (const BadCase& c : cases) {
    SCOPED_TRACE(c.more);
    const Desired desired = Read(Peer(c.more));
    EXPECT_THAT(ToText(desired.problems),
                HasSubstr("a.yaml:5: BGPPeer/p: spec." + c.problem));
    EXPECT_EQ(desired.problems.size(), 1u) << ToText(desired.problems);
    EXPECT_EQ(ToText(desired), "");
  }
}

TEST(BgpPeerTest, WhatIsMissing) {
  const BadCase cases[] = {
      {"peerASN: 1, peerAddress: 192.0.2.1",
       "myASN: missing or 0, want the AS number of this side"},
      {"myASN: 0, peerASN: 1, peerAddress: 192.0.2.1",
       "myASN: missing or 0, want the AS number of this side"},
      {"myASN: 1, peerAddress: 192.0.2.1",
       "peerASN: missing or 0, want peerASN or dynamicASN"},
      {"myASN: 1, peerASN: 0, peerAddress: 192.0.2.1",
       "peerASN: missing or 0, want peerASN or dynamicASN"},
      {"myASN: 1, dynamicASN: Internal, peerAddress: 192.0.2.1",
       "dynamicASN: \"Internal\", want internal or external, did you mean "
       "internal?"},
      {"myASN: 1, peerASN: 2",
       "peerAddress: missing, want peerAddress or interface"},
      {"myASN: 1, peerASN: 2, peerAddress: 192.0.2.1/32",
       "peerAddress: \"192.0.2.1/32\": want an IPv4 or IPv6 address"},
      {"myASN: 1, peerASN: 2, peerAddress: 'fe80::1'",
       "peerAddress: fe80::1 is link-local, want interface in its place"},
      {"myASN: 1, peerASN: 2, interface: eth1, sourceAddress: 192.0.2.1",
       "sourceAddress: 192.0.2.1 besides interface, want none, or a "
       "link-local IPv6 address of that interface"},
      {"myASN: 1, peerASN: 2, interface: eth1, sourceAddress: 'fd00::1'",
       "sourceAddress: fd00::1 besides interface, want none"},
      {"myASN: 1, peerASN: 2, peerAddress: 224.0.0.1",
       "peerAddress: 224.0.0.1, want the address of a host"},
      {"myASN: 1, peerASN: 1, peerAddress: 192.0.2.1, ebgpMultiHop: true",
       "ebgpMultiHop: true with peerASN equal to myASN"},
  };
  for (const BadCase& c : cases) {
    const Desired desired = Read(Object("BGPPeer", "p", c.more));
    EXPECT_THAT(ToText(desired.problems),
                HasSubstr("BGPPeer/p: spec." + c.problem));
    EXPECT_EQ(desired.problems.size(), 1u) << ToText(desired.problems);
    EXPECT_EQ(ToText(desired), "");
  }
  EXPECT_THAT(ToText(Read("apiVersion: metallb.io/v1beta2\nkind: BGPPeer\n"
                          "metadata: {name: p}\n")
                         .problems),
              HasSubstr("BGPPeer/p: spec: missing, want a map with myASN, "
                        "peerASN and peerAddress"));
}

constexpr char kSecret[] =
    "---\napiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: n}\n";

TEST(BgpPeerTest, PasswordsOfSecrets) {
  const std::string peer = Peer(", passwordSecret: {name: s, namespace: n}");
  const std::string typed = "type: kubernetes.io/basic-auth\n";
  EXPECT_EQ(ToText(Read(peer + kSecret + typed +
                        "data: {username: eA==, password: czNjcmV0}\n")),
            kPeer + " password=6 bytes\n");
  EXPECT_EQ(ToText(Read(peer + kSecret + typed +
                        "stringData: {password: plain}\n"
                        "data: {password: czNjcmV0}\n")),
            kPeer + " password=5 bytes\n");
  const std::pair<std::string, std::string> cases[] = {
      {"data: {password: czNjcmV0}\n",
       "BGPPeer/p: spec.passwordSecret: n/s: no such Secret, want one of type"},
      {"type: Opaque\ndata: {password: czNjcmV0}\n",
       "BGPPeer/p: spec.passwordSecret: n/s: no such Secret, want one of type"},
      {typed, "Secret/n/s: data: no password, want the key password"},
      {typed + "data: {pasword: czNjcmV0}\n",
       "Secret/n/s: data: no password, want the key password"},
      {typed + "data: {password: s3cret!}\n",
       "Secret/n/s: data.password: not base64, want base64, or it in "
       "stringData"},
      {typed + "data: {password: ''}\n",
       "Secret/n/s: data.password: 0 bytes, want 1 to 80"},
      {typed + "stringData: s3cret!\n",
       "Secret/n/s: stringData: no map, want a map with password"},
      {typed + "stringData: {password: [s3cret!]}\n",
       "Secret/n/s: stringData.password: a list, want a text"},
  };
  for (const auto& [text, problem] : cases) {
    const Desired desired = Read(absl::StrCat(peer, kSecret, text));
    EXPECT_THAT(ToText(desired.problems), HasSubstr(problem)) << text;
    EXPECT_EQ(ToText(desired), "");
  }
}

TEST(BgpPeerTest, NoLineShowsAPassword) {
  const std::string long_one = "s3cret!" + std::string(80, 'x');
  const std::string head =
      "apiVersion: metallb.io/v1beta2\nkind: BGPPeer\nmetadata: {name: p}\n";
  const std::string texts[] = {
      Peer(", password: s3cret!"),
      Peer(", password: {s3cret!: 1}, peerPort: x"),
      Peer(", password: [s3cret!]"),
      Peer(", password: " + long_one),
      Peer(", passwordSecret: s3cret!"),
      Peer(", passwordSecret: [s3cret!]"),
      Peer(", passwordsecret: s3cret!"),
      Peer(", Password: s3cret!"),
      std::string(kSecret) + "type: kubernetes.io/basic-auth\ndata: s3cret!\n",
      std::string(kSecret) +
          "type: kubernetes.io/basic-auth\ndata: {password: s3cret!}\n",
      std::string(kSecret) +
          "type: kubernetes.io/basic-auth\n"
          "stringData: {password: " +
          long_one + "}\n",
      std::string(kSecret) +
          "typ: kubernetes.io/basic-auth\n"
          "stringdata: {password: s3cret!}\n",
      head + "spec:\n  password: s3cret!: x\n",
      head + "spec:\n  password:s3cret!\n  myASN: 1\n",
      head + "spec:\n  password: \"s3cret!\n",
      head + "spec:\n  password: @s3cret!\n",
      head + "spec: {password: *s3cret!}\n",
  };
  for (const std::string& text : texts) {
    const Desired desired = Read(text);
    EXPECT_THAT(ToText(desired) + ToText(desired.problems) +
                    ToText(desired.notices) + CountsText(desired),
                Not(HasSubstr("s3cret!")))
        << text;
  }
}

// The pool that the advertisements are of has no line of its own here.
std::string BgpLines(const Desired& desired) {
  std::string lines;
  for (const auto& line : absl::StrSplit(ToText(desired), '\n')) {
    if (absl::StartsWith(line, "bgp ")) lines += std::string(line) + "\n";
  }
  return lines;
}

TEST(BgpAdvertisementTest, FieldsAndDefaults) {
  const std::string aliases =
      Object("Community", "c",
             "communities: [{name: stop, value: '65535:65281'}, {name: big, "
             "value: 'large:1:2:3'}]");
  const std::pair<std::string, std::string> cases[] = {
      {"", "bgp a\n"},
      {"aggregationLength: 32, aggregationLengthV6: 128, localPref: 0, peers: "
       "[], communities: []",
       "bgp a\n"},
      {"aggregationLength: 24, aggregationLengthV6: 64",
       "bgp a lengths=24/64\n"},
      {"localPref: 4294967295", "bgp a localPref=4294967295\n"},
      {"communities: [stop, '1:2', big, 'large:4:5:6', '65535:65281']",
       "bgp a communities=1:2,65535:65281,large:1:2:3,large:4:5:6\n"},
      {"ipAddressPools: [x, y], ipAddressPoolSelectors: [{matchLabels: {a: "
       "b}}], nodeSelectors: [{}], peers: [p, q]",
       "bgp a pools=x,y poolSelectors={a:b} nodeSelectors={} peers=p,q\n"},
      {"serviceSelectors: [{matchLabels: {app: web}}], aggregationLength: 32",
       "bgp a serviceSelectors={app:web}\n"},
  };
  for (const auto& [spec, lines] : cases) {
    const Desired desired =
        Read(Object("BGPAdvertisement", "a", spec) + aliases);
    EXPECT_EQ(ToText(desired.problems), "") << spec;
    EXPECT_EQ(BgpLines(desired), lines);
  }
  EXPECT_EQ(BgpLines(Read("apiVersion: metallb.io/v1beta1\n"
                          "kind: BGPAdvertisement\nmetadata: {name: a}\n")),
            "bgp a\n");
}

TEST(BgpAdvertisementTest, Refusals) {
  std::string many = "communities: [";
  for (int i = 0; i < 64; ++i) many += fmt::format("'1:{}', ", i);
  const std::pair<std::string, std::string> cases[] = {
      {"aggregationLength: 33",
       "aggregationLength: \"33\", want a whole number 1..32"},
      {"aggregationLength: 0",
       "aggregationLength: \"0\", want a whole number 1..32"},
      {"aggregationLengthV6: 129",
       "aggregationLengthV6: \"129\", want a whole number 1..128"},
      {"localPref: -1", "localPref: \"-1\", want a whole number 0..4294967295"},
      {"communities: ['1:65536']",
       "communities[0]: \"1:65536\": want number:number, each 0 to 65535"},
      {"communities: ['large:1:2']", "communities[0]: \"large:1:2\": want "},
      {"communities: ['1:2:3']", "communities[0]: \"1:2:3\": want "},
      {"communities: [no-export]",
       "communities[0]: \"no-export\": no Community object defines it, want "
       "number:number, large:number:number:number or an alias"},
      {"communities: ['1:2', '1:2']",
       "communities[1]: stands in the list already, want it once"},
      {many + "]", "communities: 64 items, want at most 63"},
      {"peers: [p, p]", "peers[1]: stands in the list already, want it once"},
      {"ipAddressPools: [p, p]",
       "ipAddressPools[1]: stands in the list already, want it once"},
      {"serviceSelectors: [{}], aggregationLength: 24",
       "aggregationLength: 24 besides serviceSelectors, want 32: an aggregate "
       "is of all services of its pools"},
      {"serviceSelectors: [{}], aggregationLengthV6: 64",
       "aggregationLengthV6: 64 besides serviceSelectors, want 128"},
      {"interfaces: [eth0]",
       "interfaces: unknown field, want one of aggregationLength, "},
  };
  for (const auto& [spec, problem] : cases) {
    const Desired desired = Read(Object("BGPAdvertisement", "a", spec));
    EXPECT_THAT(ToText(desired.problems),
                HasSubstr("a.yaml:5: BGPAdvertisement/a: spec." + problem));
    EXPECT_EQ(desired.problems.size(), 1u) << ToText(desired.problems);
    EXPECT_EQ(BgpLines(desired), "");
  }
}

std::string Annotated(const std::string& annotation) {
  return fmt::format(
      "apiVersion: metallb.io/v1beta1\nkind: BGPAdvertisement\n"
      "metadata: {{name: a, annotations: {{{}}}}}\n",
      annotation);
}

TEST(BgpAdvertisementTest, Annotations) {
  EXPECT_EQ(BgpLines(Read(Annotated(
                "lb.io/as-path-prepend: '32', lb.io/med: '4294967295', "
                "lb.io/link-bandwidth: local-endpoints, lb.io/withdraw-hold: "
                "10m"))),
            "bgp a prepends=32 med=4294967295 bandwidth hold=10m\n");
  EXPECT_EQ(BgpLines(Read(Annotated("lb.io/as-path-prepend: '0', lb.io/med: "
                                    "'0', lb.io/withdraw-hold: '0'"))),
            "bgp a med=0\n");
  const std::pair<std::string, std::string> cases[] = {
      {"lb.io/as-path-prepend: '33'", "\"33\", want a whole number 0..32"},
      {"lb.io/as-path-prepend: '-1'", "\"-1\", want a whole number 0..32"},
      {"lb.io/as-path-prepend: x", "\"x\", want a whole number 0..32"},
      {"lb.io/med: '4294967296'",
       "\"4294967296\", want a whole number 0..4294967295"},
      {"lb.io/link-bandwidth: endpoints",
       "\"endpoints\", want local-endpoints"},
      {"lb.io/withdraw-hold: '5'", "\"5\", want a duration of 0 to 10m"},
      {"lb.io/withdraw-hold: -5s", "\"-5s\", want a duration of 0 to 10m"},
      {"lb.io/withdraw-hold: 601s", "10m1s, want a duration of 0 to 10m"},
  };
  for (const auto& [annotation, problem] : cases) {
    const std::string key = annotation.substr(0, annotation.find(':'));
    EXPECT_THAT(
        ToText(Read(Annotated(annotation)).problems),
        HasSubstr(fmt::format(
            "BGPAdvertisement/a: metadata.annotations[{}]: {}", key, problem)));
  }
  EXPECT_THAT(ToText(Read(Annotated("lb.io/mde: '1'")).notices),
              HasSubstr("unknown annotation, did you mean lb.io/med?"));
}

TEST(CommunityTest, Refusals) {
  const std::pair<std::string, std::string> cases[] = {
      {"{name: x, value: '1'}", "[0].value: \"1\", want number:number or "},
      {"{name: x, value: '1:70000'}", "[0].value: \"1:70000\": want "},
      {"{name: x, value: 'large:1:2:x'}", "[0].value: \"large:1:2:x\": want "},
      {"{name: x}", "[0].value: \"\", want number:number or "},
      {"{value: '1:2'}", "[0].name: \"\", want a name without ':'"},
      {"{name: 'a:b', value: '1:2'}",
       "[0].name: \"a:b\", want a name without "},
      {"{name: x, value: '1:2', note: y}", "[0].note: unknown field, want "},
      {"{name: x, value: '1:2'}, {name: x, value: '1:3'}",
       "[1]: \"x\" is defined in this object already, want one definition"},
  };
  for (const auto& [item, problem] : cases) {
    const Desired desired =
        Read(Object("Community", "c", "communities: [" + item + "]"));
    EXPECT_THAT(ToText(desired.problems),
                HasSubstr("Community/c: spec.communities" + problem));
    EXPECT_TRUE(desired.bgp.communities.empty());
  }
}

TEST(BfdProfileTest, Refusals) {
  const std::pair<std::string, std::string> cases[] = {
      {"receiveInterval: 9",
       "receiveInterval: \"9\", want a whole number 10..60000"},
      {"transmitInterval: 60001", "transmitInterval: \"60001\", want a whole"},
      {"echoInterval: 300ms", "echoInterval: \"300ms\", want a whole number"},
      {"detectMultiplier: 1",
       "detectMultiplier: \"1\", want a whole number 2..255"},
      {"detectMultiplier: 256", "detectMultiplier: \"256\", want a whole"},
      {"minimumTtl: 0", "minimumTtl: \"0\", want a whole number 1..254"},
      {"minimumTtl: 255", "minimumTtl: \"255\", want a whole number 1..254"},
      {"minimumTTL: 1", "minimumTTL: unknown field, want one of "},
      {"echoMode: 1", "echoMode: \"1\", want true or false"},
  };
  for (const auto& [spec, problem] : cases) {
    EXPECT_THAT(ToText(Read(Object("BFDProfile", "b", spec)).problems),
                HasSubstr("a.yaml:5: BFDProfile/b: spec." + problem));
  }
}

}  // namespace
}  // namespace lb::config
