// PartTest: a SharedState for the tests of the parts of a Membership, and what
// it put out, as text.
#ifndef LB_GOSSIP_TESTING_PART_FIXTURE_H_
#define LB_GOSSIP_TESTING_PART_FIXTURE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "lb/base/prng.h"
#include "lb/gossip/member.h"
#include "lb/gossip/options.h"
#include "lb/gossip/outgoing.h"
#include "lb/gossip/shared_state.h"
#include "lb/gossip/testing/named_hosts.h"
#include "lb/gossip/versions.h"
#include "lb/gossip/wire/message_codec.h"
#include "lb/gossip/wire/messages.h"
#include "lb/net/endpoint.h"

namespace lb::gossip {

// This node is "self" at 10.0.0.1; b is at .2, c at .3, ...
class PartTest : public testing::Test {
 protected:
  PartTest() { Restart(LanProfile()); }

  void Restart(const GossipOptions& options,
               std::vector<net::Endpoint> former = {}) {
    state_ = std::make_unique<SharedState>(
        options,
        NodeIdentity{.name = "self", .endpoint = At(1), .former = former},
        root_, now_, /*first_number=*/0);
    Sent();
  }

  static wire::Alive AliveOf(const std::string& name, uint32_t incarnation) {
    return {
        .incarnation = incarnation,
        .node = name,
        .address = AddressOf(name).address.ToBytes(),
        .port = 7946,
        .versions = wire::Bytes(kOwnVersions, kOwnVersions + kVersionsSize)};
  }

  // A member that is up and not verified.
  NodeRecord& Hear(const std::string& name, uint32_t incarnation = 1) {
    state_->roster.OnAlive(now_, AliveOf(name, incarnation));
    return Record(name);
  }
  // A verified one.
  NodeRecord& Know(const std::string& name) {
    NodeRecord& record = Hear(name);
    state_->roster.OnVerified(record);
    return record;
  }
  // Takes all that is to be told by gossip or events.
  void Flush() {
    for (const Weight weight : {Weight::kNews, Weight::kHearsay}) {
      PacketRoom room{.bytes = 1 << 20, .parts = 1000};
      state_->roster.broadcasts().Take(room, /*transmit_limit=*/1, weight);
    }
    state_->roster.TakeEvents();
    state_->events.clear();
    Sent();
  }
  NodeRecord& Record(const std::string& name) {
    return *state_->roster.table().Find(name);
  }
  wire::NodeState StateOf(const std::string& name) {
    return Record(name).state;
  }

  // The packets to send: "b: ping b, alive self".
  std::vector<std::string> Sent() {
    std::vector<std::string> texts;
    for (const OutgoingPacket& packet : state_->outbox.Take()) {
      std::string text = NameOf(packet.to) + ":";
      for (const wire::Bytes& bytes : packet.messages) {
        text += text.ends_with(":") ? " " : ", ";
        text += Text(*wire::ParseMessage(bytes));
      }
      texts.push_back(std::move(text));
    }
    return texts;
  }
  // The streams to open: their peers.
  std::vector<std::string> Opened() {
    std::vector<std::string> peers;
    for (const StreamRequest& request : state_->requests.TakeNew()) {
      peers.push_back(NameOf(request.to));
    }
    return peers;
  }

  static std::string NameOf(const net::Endpoint& endpoint) {
    if (endpoint == At(1)) return "self";
    const uint8_t last = endpoint.address.ToBytes().back();
    return std::string(1, static_cast<char>('a' + last - 1));
  }
  static std::string Text(const wire::Message& message) {
    if (const auto* ping = std::get_if<wire::Ping>(&message)) {
      return "ping " + ping->node;
    }
    if (const auto* ask = std::get_if<wire::IndirectPing>(&message)) {
      return "ask for " + ask->node;
    }
    if (const auto* ack = std::get_if<wire::Ack>(&message)) {
      return fmt::format("ack {}", ack->sequence);
    }
    if (const auto* nack = std::get_if<wire::Nack>(&message)) {
      return fmt::format("nack {}", nack->sequence);
    }
    if (const auto* suspect = std::get_if<wire::Suspect>(&message)) {
      return "suspect " + suspect->node;
    }
    if (const auto* alive = std::get_if<wire::Alive>(&message)) {
      return "alive " + alive->node;
    }
    if (const auto* dead = std::get_if<wire::Dead>(&message)) {
      return "dead " + dead->node;
    }
    return "user message";
  }

  const Prng root_{1};
  absl::Time now_ = absl::UnixEpoch() + absl::Seconds(1000);
  std::unique_ptr<SharedState> state_;
};

}  // namespace lb::gossip

#endif  // LB_GOSSIP_TESTING_PART_FIXTURE_H_
