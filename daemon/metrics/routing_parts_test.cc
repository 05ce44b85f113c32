#include "daemon/metrics/routing_parts.h"

#include <set>
#include <string>
#include <utility>

#include "daemon/metrics/testing/dashboard.h"
#include "daemon/metrics/testing/page_reader.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "prometheus/text_serializer.h"

namespace lb::metrics {
namespace {

using ::testing::HasSubstr;

std::string PageOf(Families families) {
  const std::string page =
      prometheus::TextSerializer().Serialize(std::move(families).Take());
  EXPECT_TRUE(ReadPage(page).ok()) << ReadPage(page).status() << "\n" << page;
  return page;
}

TEST(AddPeersTest, NoPeerNoFamily) {
  Families families;
  AddPeers({}, &families);
  AddBfd({}, &families);
  EXPECT_EQ(PageOf(std::move(families)), "");
}

TEST(AddPeersTest, EachCounterHasItsName) {
  bgp::PeerStatus up = {.state = bgp::SessionState::kEstablished};
  up.of_family[0] = {.advertised = 3, .pending = 1};
  up.of_family[1] = {.advertised = 4, .pending = 2};
  up.counters = {.opens_sent = 11,
                 .opens_received = 12,
                 .updates_sent = 13,
                 .updates_received = 14,
                 .keepalives_sent = 15,
                 .keepalives_received = 16,
                 .notifications_sent = 17,
                 .notifications_received = 18,
                 .refreshes_sent = 19,
                 .refreshes_received = 20,
                 .prefixes_received = 21};
  Families families;
  AddPeers({{"10.0.0.1:179", up}, {"10.0.0.2:179", {}}}, &families);
  const std::string page = PageOf(std::move(families));
  for (const char* sample :
       {"session_up{peer=\"10.0.0.1:179\"} 1\n",
        "session_up{peer=\"10.0.0.2:179\"} 0\n",
        "announced_prefixes_total{peer=\"10.0.0.1:179\"} 7\n",
        "pending_prefixes_total{peer=\"10.0.0.1:179\"} 3\n",
        "opens_sent{peer=\"10.0.0.1:179\"} 11\n",
        "opens_received{peer=\"10.0.0.1:179\"} 12\n",
        "updates_total{peer=\"10.0.0.1:179\"} 13\n",
        "updates_total_received{peer=\"10.0.0.1:179\"} 14\n",
        "keepalives_sent{peer=\"10.0.0.1:179\"} 15\n",
        "keepalives_received{peer=\"10.0.0.1:179\"} 16\n",
        "notifications_sent{peer=\"10.0.0.1:179\"} 17\n",
        "notifications_received{peer=\"10.0.0.1:179\"} 18\n",
        "route_refresh_sent{peer=\"10.0.0.1:179\"} 19\n",
        "route_refresh_received{peer=\"10.0.0.1:179\"} 20\n",
        "received_prefixes_total{peer=\"10.0.0.1:179\"} 21\n"}) {
    EXPECT_THAT(page, HasSubstr(std::string("metallb_bgp_") + sample));
  }
}

TEST(AddBfdTest, EachCounterHasItsName) {
  const bfd::SessionStatus up = {.state = bfd::State::kUp,
                                 .counters = {.control_packet_input = 1,
                                              .control_packet_output = 2,
                                              .session_up_events = 3,
                                              .session_down_events = 4}};
  Families families;
  AddBfd({{"10.0.0.1", up}, {"10.0.0.2", {}}}, &families);
  const std::string page = PageOf(std::move(families));
  for (const char* sample : {"session_up{peer=\"10.0.0.1\"} 1\n",
                             "session_up{peer=\"10.0.0.2\"} 0\n",
                             "control_packet_input{peer=\"10.0.0.1\"} 1\n",
                             "control_packet_output{peer=\"10.0.0.1\"} 2\n",
                             "session_up_events{peer=\"10.0.0.1\"} 3\n",
                             "session_down_events{peer=\"10.0.0.1\"} 4\n"}) {
    EXPECT_THAT(page, HasSubstr(std::string("metallb_bfd_") + sample));
  }
}

TEST(DashboardTest, HasNoPeerMetricThatThePageLacks) {
  Families families;
  AddPeers({{"10.0.0.1:179", {}}}, &families);
  AddBfd({{"10.0.0.1", {}}}, &families);
  const std::string page = PageOf(std::move(families));
  const std::set<std::string> drawn = ReadDashboard().peer_families;
  for (const std::string& family : drawn) {
    EXPECT_THAT(page, HasSubstr("# TYPE " + family + " "));
  }
  EXPECT_GT(drawn.size(), 8);
}

}  // namespace
}  // namespace lb::metrics
