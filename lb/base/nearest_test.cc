#include "lb/base/nearest.h"

#include <array>
#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace lb {
namespace {

constexpr std::array<std::string_view, 4> kTypes = {
    "ClusterIP", "NodePort", "LoadBalancer", "ExternalName"};

TEST(EditDistanceTest, CountsEditsAndExchanges) {
  EXPECT_EQ(EditDistance("", "abc"), 3u);
  EXPECT_EQ(EditDistance("abc", "abc"), 0u);
  EXPECT_EQ(EditDistance("abc", "acb"), 1u);
  EXPECT_EQ(EditDistance("kitten", "sitting"), 3u);
}

TEST(NearestTest, FindsWhatWasMeant) {
  for (const std::string_view text :
       {"Loadbalancer", "loadbalancer", "LOADBALANCER", "LoadBalncer",
        "Load-Balancer", "LoadBalancers", "Load Balancer"}) {
    EXPECT_EQ(Nearest(text, kTypes), "LoadBalancer") << text;
  }
  EXPECT_EQ(DidYouMean("NodeProt", kTypes), ", did you mean NodePort?");
}

TEST(NearestTest, SaysNothingIfNothingIsNear) {
  EXPECT_EQ(Nearest("", kTypes), "");
  EXPECT_EQ(Nearest("Ingress", kTypes), "");
  EXPECT_EQ(DidYouMean(std::string(1000, 'L'), kTypes), "");
  constexpr std::array<std::string_view, 2> kProtocols = {"TCP", "UDP"};
  EXPECT_EQ(Nearest("tcp", kProtocols), "TCP");
  EXPECT_EQ(Nearest("ICMP", kProtocols), "");
}

}  // namespace
}  // namespace lb
