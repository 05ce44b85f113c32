// Each part of the page, from values to its whole text.
#include "daemon/metrics/parts.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/numeric/int128.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/metrics/testing/page_reader.h"
#include "fmt/format.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/config/version.h"
#include "prometheus/text_serializer.h"

namespace lb::metrics {
namespace {

using ::testing::HasSubstr;

net::IpAddress Ip(const char* text) { return *net::ParseIpAddress(text); }

// The page, which Prometheus can read.
std::string PageOf(Families families) {
  const std::string page =
      prometheus::TextSerializer().Serialize(std::move(families).Take());
  EXPECT_TRUE(ReadPage(page).ok()) << ReadPage(page).status() << "\n" << page;
  return page;
}

// Only the samples.
std::string SamplesOf(Families families) {
  std::string samples;
  const std::string page = PageOf(std::move(families));
  for (size_t at = 0; at < page.size();) {
    const size_t end = page.find('\n', at) + 1;
    if (page[at] != '#') samples += page.substr(at, end - at);
    at = end;
  }
  return samples;
}

TEST(AddNodeTest, ShowsTheNode) {
  Families families;
  AddNode({.ready = true,
           .ledger_records = 7,
           .ledger = {.records_merged = 1,
                      .records_stale = 2,
                      .records_refused = 3,
                      .messages_refused = 4}},
          &families);
  EXPECT_EQ(
      PageOf(std::move(families)),
      fmt::format(
          "# HELP lb_build_info Always 1; the label has lbd's version.\n"
          "# TYPE lb_build_info gauge\n"
          "lb_build_info{{version=\"{}\"}} 1\n"
          "# HELP lb_ready 1 once the node may assign and announce addresses.\n"
          "# TYPE lb_ready gauge\n"
          "lb_ready 1\n"
          "# HELP lb_draining 1 while the node hands its announcements over "
          "to others.\n"
          "# TYPE lb_draining gauge\n"
          "lb_draining 0\n"
          "# HELP lb_state_unsaved 1 while the state folder cannot be "
          "written.\n"
          "# TYPE lb_state_unsaved gauge\n"
          "lb_state_unsaved 0\n"
          "# HELP lb_ledger_records Records of the ledger of addresses, "
          "releases included.\n"
          "# TYPE lb_ledger_records gauge\n"
          "lb_ledger_records 7\n"
          "# HELP lb_ledger_records_received_total Ledger records received "
          "from other nodes, by verdict.\n"
          "# TYPE lb_ledger_records_received_total counter\n"
          "lb_ledger_records_received_total{{verdict=\"merged\"}} 1\n"
          "lb_ledger_records_received_total{{verdict=\"stale\"}} 2\n"
          "lb_ledger_records_received_total{{verdict=\"refused\"}} 3\n"
          "# HELP lb_ledger_messages_refused_total Ledger messages that were "
          "refused.\n"
          "# TYPE lb_ledger_messages_refused_total counter\n"
          "lb_ledger_messages_refused_total 4\n",
          config::kVersion));
}

TEST(AddNodeTest, StatesAreOneOrZero) {
  Families families;
  AddNode({.draining = true, .state_unsaved = true}, &families);
  const std::string samples = SamplesOf(std::move(families));
  for (const char* line :
       {"lb_ready 0\n", "lb_draining 1\n", "lb_state_unsaved 1\n"}) {
    EXPECT_THAT(samples, HasSubstr(line));
  }
}

TEST(AddTurnsTest, ShowsLengthsAndProcessorTimes) {
  io::TurnMeter turns;
  const absl::Time start = absl::FromUnixSeconds(1000);
  const auto take_turn = [&](absl::Duration length, absl::Duration processor) {
    turns.Begin(start, "works");
    turns.End(start + length, processor);
  };
  take_turn(absl::Microseconds(50), absl::Microseconds(50));
  take_turn(absl::Milliseconds(3), absl::Milliseconds(1));
  take_turn(absl::Seconds(2), absl::Milliseconds(250));
  Families families;
  AddTurns(turns, start + absl::Minutes(1), &families);
  EXPECT_EQ(SamplesOf(std::move(families)),
            "lb_loop_turn_seconds_count 3\n"
            "lb_loop_turn_seconds_sum 2.00305\n"
            "lb_loop_turn_seconds_bucket{le=\"0.0001\"} 1\n"
            "lb_loop_turn_seconds_bucket{le=\"0.001\"} 1\n"
            "lb_loop_turn_seconds_bucket{le=\"0.002\"} 1\n"
            "lb_loop_turn_seconds_bucket{le=\"0.005\"} 2\n"
            "lb_loop_turn_seconds_bucket{le=\"0.01\"} 2\n"
            "lb_loop_turn_seconds_bucket{le=\"0.02\"} 2\n"
            "lb_loop_turn_seconds_bucket{le=\"0.05\"} 2\n"
            "lb_loop_turn_seconds_bucket{le=\"0.1\"} 2\n"
            "lb_loop_turn_seconds_bucket{le=\"0.2\"} 2\n"
            "lb_loop_turn_seconds_bucket{le=\"0.5\"} 2\n"
            "lb_loop_turn_seconds_bucket{le=\"1\"} 2\n"
            "lb_loop_turn_seconds_bucket{le=\"+Inf\"} 3\n"
            "lb_loop_turn_processor_seconds_count 3\n"
            "lb_loop_turn_processor_seconds_sum 0.25105\n"
            "lb_loop_turn_processor_seconds_bucket{le=\"0.0001\"} 1\n"
            "lb_loop_turn_processor_seconds_bucket{le=\"0.001\"} 2\n"
            "lb_loop_turn_processor_seconds_bucket{le=\"0.002\"} 2\n"
            "lb_loop_turn_processor_seconds_bucket{le=\"0.005\"} 2\n"
            "lb_loop_turn_processor_seconds_bucket{le=\"0.01\"} 2\n"
            "lb_loop_turn_processor_seconds_bucket{le=\"0.02\"} 2\n"
            "lb_loop_turn_processor_seconds_bucket{le=\"0.05\"} 2\n"
            "lb_loop_turn_processor_seconds_bucket{le=\"0.1\"} 2\n"
            "lb_loop_turn_processor_seconds_bucket{le=\"0.2\"} 2\n"
            "lb_loop_turn_processor_seconds_bucket{le=\"0.5\"} 3\n"
            "lb_loop_turn_processor_seconds_bucket{le=\"1\"} 3\n"
            "lb_loop_turn_processor_seconds_bucket{le=\"+Inf\"} 3\n"
            "lb_loop_longest_turn_seconds 2\n");
  // The histograms keep their counts; the gauge is for the last ten minutes
  // only.
  Families later;
  AddTurns(turns, start + absl::Hours(1), &later);
  const std::string page = PageOf(std::move(later));
  EXPECT_THAT(page, HasSubstr("lb_loop_longest_turn_seconds 0\n"));
  EXPECT_THAT(page, HasSubstr("lb_loop_turn_seconds_count 3\n"));
}

TEST(AddConfigTest, IsStaleWhileThereAreProblems) {
  struct Case {
    ConfigFacts config;
    const char* want;
  };
  constexpr Case kCases[] = {
      {{},
       "metallb_k8s_client_config_loaded_bool 0\n"
       "metallb_k8s_client_config_stale_bool 0\n"
       "metallb_k8s_client_updates_total 0\n"
       "metallb_k8s_client_update_errors_total 0\n"},
      {{.reads = 3, .refusals = 2, .has_problems = true},
       "metallb_k8s_client_config_loaded_bool 1\n"
       "metallb_k8s_client_config_stale_bool 1\n"
       "metallb_k8s_client_updates_total 3\n"
       "metallb_k8s_client_update_errors_total 2\n"},
      {{.reads = 4, .refusals = 2},
       "metallb_k8s_client_config_loaded_bool 1\n"
       "metallb_k8s_client_config_stale_bool 0\n"
       "metallb_k8s_client_updates_total 4\n"
       "metallb_k8s_client_update_errors_total 2\n"},
  };
  for (const Case& c : kCases) {
    Families families;
    AddConfig(c.config, &families);
    EXPECT_EQ(SamplesOf(std::move(families)), c.want);
  }
}

TEST(AddPoolsTest, HaveMetallbsNames) {
  const ipam::PoolUsage small = {.total_ipv4 = 5, .used_ipv4 = 2};
  const ipam::PoolUsage large = {.total_ipv4 = 1,
                                 .used_ipv4 = 1,
                                 .total_ipv6 = absl::uint128(1) << 40,
                                 .used_ipv6 = 3};
  Families families;
  AddPools({{"a", small}, {"b\"\n", large}}, &families);
  EXPECT_EQ(
      PageOf(std::move(families)),
      "# HELP metallb_allocator_addresses_total Addresses of the pool, both "
      "families.\n"
      "# TYPE metallb_allocator_addresses_total untyped\n"
      "metallb_allocator_addresses_total{pool=\"a\"} 5\n"
      "metallb_allocator_addresses_total{pool=\"b\\\"\\n\"} "
      "1099511627777\n"
      "# HELP metallb_allocator_addresses_in_use_total Addresses of the pool "
      "in use, both families.\n"
      "# TYPE metallb_allocator_addresses_in_use_total untyped\n"
      "metallb_allocator_addresses_in_use_total{pool=\"a\"} 2\n"
      "metallb_allocator_addresses_in_use_total{pool=\"b\\\"\\n\"} 4\n"
      "# HELP metallb_allocator_ipv4_addresses_total IPv4 addresses of the "
      "pool.\n"
      "# TYPE metallb_allocator_ipv4_addresses_total untyped\n"
      "metallb_allocator_ipv4_addresses_total{pool=\"a\"} 5\n"
      "metallb_allocator_ipv4_addresses_total{pool=\"b\\\"\\n\"} 1\n"
      "# HELP metallb_allocator_ipv4_addresses_in_use_total IPv4 addresses of "
      "the pool in use.\n"
      "# TYPE metallb_allocator_ipv4_addresses_in_use_total untyped\n"
      "metallb_allocator_ipv4_addresses_in_use_total{pool=\"a\"} 2\n"
      "metallb_allocator_ipv4_addresses_in_use_total{pool=\"b\\\"\\n\"} 1\n"
      "# HELP metallb_allocator_ipv6_addresses_total IPv6 addresses of the "
      "pool.\n"
      "# TYPE metallb_allocator_ipv6_addresses_total untyped\n"
      "metallb_allocator_ipv6_addresses_total{pool=\"a\"} 0\n"
      "metallb_allocator_ipv6_addresses_total{pool=\"b\\\"\\n\"} "
      "1099511627776\n"
      "# HELP metallb_allocator_ipv6_addresses_in_use_total IPv6 addresses of "
      "the pool in use.\n"
      "# TYPE metallb_allocator_ipv6_addresses_in_use_total untyped\n"
      "metallb_allocator_ipv6_addresses_in_use_total{pool=\"a\"} 0\n"
      "metallb_allocator_ipv6_addresses_in_use_total{pool=\"b\\\"\\n\"} 3\n");
}

// Alerts use these samples, so each is there from the start, with 0.
TEST(AddServicesTest, AllStatesAndReasonsAreThereFromTheStart) {
  Families none;
  AddServices({}, &none);
  EXPECT_EQ(SamplesOf(std::move(none)),
            "lb_services{state=\"announced\"} 0\n"
            "lb_services{state=\"pending\"} 0\n"
            "lb_services{state=\"unannounced\"} 0\n"
            "lb_allocation_failures_total{reason=\"address_taken\"} 0\n"
            "lb_allocation_failures_total{reason=\"contradiction\"} 0\n"
            "lb_allocation_failures_total{reason=\"no_address_left\"} 0\n"
            "lb_allocation_failures_total{reason=\"no_such_pool\"} 0\n"
            "lb_allocation_failures_total{reason=\"other\"} 0\n"
            "lb_allocation_failures_total{reason=\"pool_not_open\"} 0\n");
  Families some;
  AddServices(
      {.announced = 1,
       .unannounced = 2,
       .pending = 3,
       .allocation_failures = {{absl::StatusCode::kAlreadyExists, 4},
                               {absl::StatusCode::kInvalidArgument, 5},
                               {absl::StatusCode::kResourceExhausted, 6},
                               {absl::StatusCode::kNotFound, 7},
                               {absl::StatusCode::kInternal, 8},
                               {absl::StatusCode::kUnknown, 100},
                               {absl::StatusCode::kFailedPrecondition, 9}}},
      &some);
  EXPECT_EQ(SamplesOf(std::move(some)),
            "lb_services{state=\"announced\"} 1\n"
            "lb_services{state=\"pending\"} 3\n"
            "lb_services{state=\"unannounced\"} 2\n"
            "lb_allocation_failures_total{reason=\"address_taken\"} 4\n"
            "lb_allocation_failures_total{reason=\"contradiction\"} 5\n"
            "lb_allocation_failures_total{reason=\"no_address_left\"} 6\n"
            "lb_allocation_failures_total{reason=\"no_such_pool\"} 7\n"
            "lb_allocation_failures_total{reason=\"other\"} 108\n"
            "lb_allocation_failures_total{reason=\"pool_not_open\"} 9\n");
}

TEST(AddAnnouncedTest, OneSampleForEachAddress) {
  Families families;
  AddAnnounced({.node = "n1\n",
                .layer2 = {{"a/b", Ip("10.0.0.1")}, {"a/b", Ip("2001:db8::1")}},
                .bgp = {{"a/b", Ip("10.0.0.1")}}},
               &families);
  EXPECT_EQ(PageOf(std::move(families)),
            "# HELP metallb_speaker_announced Services that are announced from "
            "this node.\n"
            "# TYPE metallb_speaker_announced gauge\n"
            "metallb_speaker_announced{service=\"a/b\",protocol=\"layer2\","
            "node=\"n1\\\\x0a\",ip=\"10.0.0.1\"} 1\n"
            "metallb_speaker_announced{service=\"a/b\",protocol=\"layer2\","
            "node=\"n1\\\\x0a\",ip=\"2001:db8::1\"} 1\n"
            "metallb_speaker_announced{service=\"a/b\",protocol=\"bgp\","
            "node=\"n1\\\\x0a\",ip=\"10.0.0.1\"} 1\n");
}

TEST(AddFramesTest, CountsByAddressAndByVerdict) {
  const absl::btree_map<net::IpAddress, announce::AddressCounters> counters = {
      {Ip("10.0.0.1"),
       {.requests_received = 1,
        .responses_sent = 2,
        .gratuitous_sent = 3,
        .probes_sent = 100,
        .conflicts_seen = 4}},
      {Ip("2001:db8::1"), {.requests_received = 5}}};
  announce::VerdictCounters verdicts;
  for (size_t i = 0; i < announce::kVerdictCount; ++i) {
    for (size_t j = 0; j <= i; ++j) {
      verdicts.Count(static_cast<announce::Verdict>(i));
    }
  }
  Families families;
  AddFrames({.counters = counters,
             .verdicts = verdicts,
             .unsent = 6,
             .announcements_refused = 7},
            &families);
  EXPECT_EQ(SamplesOf(std::move(families)),
            "metallb_layer2_requests_received{ip=\"10.0.0.1\"} 1\n"
            "metallb_layer2_requests_received{ip=\"2001:db8::1\"} 5\n"
            "metallb_layer2_responses_sent{ip=\"10.0.0.1\"} 2\n"
            "metallb_layer2_responses_sent{ip=\"2001:db8::1\"} 0\n"
            "metallb_layer2_gratuitous_sent{ip=\"10.0.0.1\"} 3\n"
            "metallb_layer2_gratuitous_sent{ip=\"2001:db8::1\"} 0\n"
            "lb_address_conflicts_total{ip=\"10.0.0.1\"} 4\n"
            "lb_address_conflicts_total{ip=\"2001:db8::1\"} 0\n"
            "lb_frames_received_total{verdict=\"reply\"} 1\n"
            "lb_frames_received_total{verdict=\"not_request\"} 2\n"
            "lb_frames_received_total{verdict=\"not_ours\"} 3\n"
            "lb_frames_received_total{verdict=\"wrong_destination\"} 4\n"
            "lb_frames_received_total{verdict=\"conflict\"} 5\n"
            "lb_frames_received_total{verdict=\"rival\"} 6\n"
            "lb_frames_received_total{verdict=\"silent\"} 7\n"
            "lb_frames_received_total{verdict=\"own_frame\"} 8\n"
            "lb_frames_received_total{verdict=\"tagged\"} 9\n"
            "lb_frames_received_total{verdict=\"unsupported\"} 10\n"
            "lb_frames_received_total{verdict=\"malformed\"} 11\n"
            "lb_frames_received_total{verdict=\"unknown_interface\"} 12\n"
            "lb_frames_received_total{verdict=\"queue_full\"} 13\n"
            "lb_frames_received_total{verdict=\"fenced\"} 14\n"
            "lb_frames_unsent_total 6\n"
            "lb_announcements_refused 7\n");
}

TEST(AddInterfacesTest, SayWhyTheyAreNotUsable) {
  const announce::InterfaceChoice choices[] = {
      {.interface = {.name = "eth0"},
       .ndp = announce::InterfaceState::kNoLinkLocal},
      {.interface = {.name = "w\xff"},
       .arp = announce::InterfaceState::kNoCarrier,
       .ndp = announce::InterfaceState::kNoCarrier}};
  Families families;
  AddInterfaces(choices, &families);
  EXPECT_EQ(SamplesOf(std::move(families)),
            "lb_interface_usable{interface=\"eth0\",protocol=\"arp\",state="
            "\"usable\"} 1\n"
            "lb_interface_usable{interface=\"eth0\",protocol=\"ndp\",state="
            "\"no IPv6 link-local address\"} 0\n"
            "lb_interface_usable{interface=\"w\\\\xff\",protocol=\"arp\",state="
            "\"no carrier\"} 0\n"
            "lb_interface_usable{interface=\"w\\\\xff\",protocol=\"ndp\",state="
            "\"no carrier\"} 0\n");
}

TEST(AddGossipTest, MembersAreCountedByState) {
  const auto member = [](gossip::wire::NodeState state) {
    gossip::Member member;
    member.state = state;
    return member;
  };
  using gossip::wire::NodeState;
  Families families;
  AddGossip({.counters = gossip::GossipCounters(),
             .members = {member(NodeState::kAlive), member(NodeState::kAlive),
                         member(NodeState::kDead)},
             .unverified = 1,
             .health_score = 3,
             .round_trips = {{"n2\x1b", absl::Milliseconds(1)},
                             {"n3", absl::Seconds(2)}}},
            &families);
  EXPECT_THAT(SamplesOf(std::move(families)),
              testing::StartsWith(
                  "lb_members{state=\"alive\"} 2\n"
                  "lb_members{state=\"suspect\"} 0\n"
                  "lb_members{state=\"dead\"} 1\n"
                  "lb_members{state=\"left\"} 0\n"
                  "lb_members_unverified 1\n"
                  "lb_member_round_trip_seconds{member=\"n2\\\\x1b\"} 0.001\n"
                  "lb_member_round_trip_seconds{member=\"n3\"} 2\n"
                  "lb_gossip_health_score 3\n"));
}

std::vector<uint64_t*> CountersOf(gossip::GossipCounters* c) {
  return {&c->traffic.datagrams_in,
          &c->traffic.datagrams_out,
          &c->traffic.messages_in,
          &c->traffic.send_failures,
          &c->detection.probes,
          &c->detection.probes_failed,
          &c->detection.indirect_probes,
          &c->detection.relayed_probes,
          &c->detection.suspicions,
          &c->detection.refutations,
          &c->detection.failures,
          &c->detection.late_wakeups,
          &c->exchanges.completed,
          &c->exchanges.failed,
          &c->refused.conflicts,
          &c->refused.undecodable,
          &c->refused.parts,
          &c->refused.version,
          &c->refused.address,
          &c->refused.incarnation,
          &c->refused.name,
          &c->refused.size,
          &c->refused.acks,
          &c->refused.answers,
          &c->refused.relays,
          &c->refused.exchanges,
          &c->refused.merges,
          &c->refused.vetoed,
          &c->overflow.members,
          &c->overflow.broadcasts,
          &c->overflow.user_messages,
          &c->overflow.user_state,
          &c->overflow.ack_payload,
          &c->overflow.relays,
          &c->overflow.reconnect,
          &c->overflow.streams};
}

// Each counter has its own number, so that the test sees two that are swapped.
TEST(AddGossipTest, EachCounterIsItsOwn) {
  gossip::GossipCounters counters;
  uint64_t next = 0;
  // In the order of the page.
  for (uint64_t* const counter : CountersOf(&counters)) *counter = ++next;
  Families families;
  AddGossip({.counters = counters}, &families);
  const std::string samples = SamplesOf(std::move(families));
  EXPECT_EQ(samples.substr(samples.find("lb_gossip_datagrams_total")),
            "lb_gossip_datagrams_total{direction=\"in\"} 1\n"
            "lb_gossip_datagrams_total{direction=\"out\"} 2\n"
            "lb_gossip_messages_received_total 3\n"
            "lb_gossip_send_failures_total 4\n"
            "lb_gossip_probes_total 5\n"
            "lb_gossip_probes_failed_total 6\n"
            "lb_gossip_indirect_probes_total 7\n"
            "lb_gossip_indirect_probes_served_total 8\n"
            "lb_gossip_suspicions_total 9\n"
            "lb_gossip_refutations_total 10\n"
            "lb_gossip_failures_total 11\n"
            "lb_gossip_late_wakeups_total 12\n"
            "lb_gossip_exchanges_total 13\n"
            "lb_gossip_exchanges_failed_total 14\n"
            "lb_gossip_name_conflicts_total 15\n"
            "lb_gossip_refused_total{reason=\"undecodable\"} 16\n"
            "lb_gossip_refused_total{reason=\"part\"} 17\n"
            "lb_gossip_refused_total{reason=\"version\"} 18\n"
            "lb_gossip_refused_total{reason=\"address\"} 19\n"
            "lb_gossip_refused_total{reason=\"incarnation\"} 20\n"
            "lb_gossip_refused_total{reason=\"name\"} 21\n"
            "lb_gossip_refused_total{reason=\"size\"} 22\n"
            "lb_gossip_refused_total{reason=\"ack\"} 23\n"
            "lb_gossip_refused_total{reason=\"answer\"} 24\n"
            "lb_gossip_refused_total{reason=\"indirect_probe\"} 25\n"
            "lb_gossip_refused_total{reason=\"exchange\"} 26\n"
            "lb_gossip_refused_total{reason=\"merge\"} 27\n"
            "lb_gossip_refused_total{reason=\"vetoed\"} 28\n"
            "lb_gossip_overflow_total{queue=\"members\"} 29\n"
            "lb_gossip_overflow_total{queue=\"broadcasts\"} 30\n"
            "lb_gossip_overflow_total{queue=\"user_messages\"} 31\n"
            "lb_gossip_overflow_total{queue=\"user_state\"} 32\n"
            "lb_gossip_overflow_total{queue=\"ack_payload\"} 33\n"
            "lb_gossip_overflow_total{queue=\"indirect_probes\"} 34\n"
            "lb_gossip_overflow_total{queue=\"reconnect\"} 35\n"
            "lb_gossip_overflow_total{queue=\"streams\"} 36\n");
}

}  // namespace
}  // namespace lb::metrics
