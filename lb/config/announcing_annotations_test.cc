// Annotations that say how addresses are announced.
#include <map>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/config/desired.h"
#include "lb/config/manifests.h"
#include "lb/config/testing/desired_text.h"

namespace lb::config {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

Desired Read(const std::string& text) {
  Manifests manifests;
  ParseManifests("a.yaml", text, {}, &manifests);
  return BuildDesired(manifests, {});
}

std::string Pool(const std::string& name, const std::string& annotation) {
  return fmt::format(
      "---\napiVersion: metallb.io/v1beta1\nkind: IPAddressPool\n"
      "metadata: {{name: {0}, annotations: {{{1}}}}}\n"
      "spec: {{addresses: [10.{2}.0.0/30]}}\n",
      name, annotation, static_cast<int>(name[0]));
}

std::string Advertisement(const std::string& name,
                          const std::string& annotation) {
  return fmt::format(
      "---\napiVersion: metallb.io/v1beta1\nkind: L2Advertisement\n"
      "metadata: {{name: {}, annotations: {{{}}}}}\n",
      name, annotation);
}

TEST(AnnouncingAnnotationsTest, DespiteProxyArp) {
  const Desired desired = Read(
      Pool("p", "lb.io/announce-despite-proxy-arp: 'true'") +
      Pool("q", "lb.io/announce-despite-proxy-arp: 'false'") + Pool("r", ""));
  EXPECT_THAT(desired.problems, IsEmpty());
  ASSERT_THAT(desired.pools, SizeIs(3));
  EXPECT_TRUE(desired.pools[0].announce_despite_proxy);
  EXPECT_FALSE(desired.pools[1].announce_despite_proxy);
  EXPECT_FALSE(desired.pools[2].announce_despite_proxy);
  EXPECT_THAT(
      ToText(
          Read(Pool("p", "lb.io/announce-despite-proxy-arp: 'yes'")).problems),
      testing::HasSubstr(
          "IPAddressPool/p: "
          "metadata.annotations[lb.io/announce-despite-proxy-arp]"
          ": \"yes\", want true or false"));
}

TEST(AnnouncingAnnotationsTest, RefreshInterval) {
  const Desired desired =
      Read(Pool("p", "") + Advertisement("a", "lb.io/refresh-interval: 1m30s") +
           Advertisement("b", "lb.io/refresh-interval: '0'") +
           Advertisement("c", "lb.io/refresh-interval: 1s") +
           Advertisement("d", ""));
  EXPECT_THAT(desired.problems, IsEmpty());
  std::map<std::string, std::optional<absl::Duration>> refresh;
  for (const auto& advertisement : desired.advertisements) {
    refresh.emplace(advertisement.name, advertisement.refresh);
  }
  EXPECT_EQ(refresh["a"], absl::Seconds(90));
  EXPECT_EQ(refresh["b"], absl::ZeroDuration());
  EXPECT_EQ(refresh["c"], absl::Seconds(1));
  EXPECT_EQ(refresh["d"], std::nullopt);
  for (const char* bad : {"often", "500ms", "25h", "-5s", "60"}) {
    SCOPED_TRACE(bad);
    EXPECT_THAT(
        ToText(Read(Advertisement(
                        "x", fmt::format("lb.io/refresh-interval: '{}'", bad)))
                   .problems),
        testing::HasSubstr(fmt::format(
            "L2Advertisement/x: metadata.annotations[lb.io/refresh-interval]: "
            "\"{}\", want a duration of 1s to 24h, or 0\n",
            bad)));
  }
}

}  // namespace
}  // namespace lb::config
