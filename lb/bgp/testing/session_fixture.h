// SessionFixture: a Session, the peer's bytes, and what it answers as text.
#ifndef LB_BGP_TESTING_SESSION_FIXTURE_H_
#define LB_BGP_TESTING_SESSION_FIXTURE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "lb/bgp/adj_rib_out.h"
#include "lb/bgp/collision.h"
#include "lb/bgp/peer.h"
#include "lb/bgp/session.h"
#include "lb/bgp/wire/notification.h"
#include "lb/bgp/wire/open_codec.h"

namespace lb::bgp {

// "0012ff" as bytes. REQUIRES: it is hex.
std::vector<uint8_t> FromHex(std::string_view hex);
std::string ToHex(absl::Span<const uint8_t> bytes);

// A message with a right header.
std::vector<uint8_t> RawMessage(int type, std::string_view body_hex);

class SessionFixture : public testing::Test {
 protected:
  using Bytes = std::vector<uint8_t>;

  SessionFixture();

  // AS 64512 at 10.0.0.1, with the routes of rib_; the peer is AS 65000 at
  // 10.0.0.254 with a hold time of 90 s.
  void Start();
  // What the session said or asked for since the last time: "dial",
  // "OPEN KEEPALIVE", "NOTIFICATION 6/7 close". What concerns the accepted
  // connection begins with "<", as in "<OPEN <close".
  std::string Said();

  // Each returns Said() then.
  std::string Connect(Side side = Side::kDialled);
  std::string Hear(const Bytes& bytes, Side side = Side::kDialled);
  std::string HearOpen(Side side = Side::kDialled);
  std::string HearKeepalive(Side side = Side::kDialled);
  // Lets the time pass, with each timer at its time. The peer's host
  // acknowledges everything, unless is_stuck_.
  std::string Wait(absl::Duration time);
  // The same while the peer sends a KEEPALIVE each 20 s.
  std::string WaitAlive(absl::Duration time);
  // Dials and goes on to that state.
  void Establish();

  PeerOptions options_;
  wire::Open peer_open_;
  LocalAddresses local_;
  RestartState restart_;
  absl::Time now_ = absl::UnixEpoch() + absl::Seconds(1000);
  AdjRibOut rib_;
  std::unique_ptr<Session> session_;
  // The peer takes nothing any more.
  bool is_stuck_ = false;
  // Bytes of the last messages that were said.
  std::vector<Bytes> messages_;

 private:
  void NoteSent(const SessionOutput& output);

  size_t in_flight_[2] = {0, 0};
  std::string said_;
};

}  // namespace lb::bgp

#endif  // LB_BGP_TESTING_SESSION_FIXTURE_H_
