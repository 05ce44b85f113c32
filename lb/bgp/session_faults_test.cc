// What a peer may say wrong, each with the NOTIFICATION that it gets.
#include <string>
#include <string_view>

#include "gmock/gmock.h"
#include "lb/bgp/session.h"
#include "lb/bgp/testing/session_fixture.h"
#include "lb/bgp/wire/message.h"

namespace lb::bgp {
namespace {

// AS 65000, hold time 90 s, identifier 10.0.0.254, no parameters.
constexpr std::string_view kBareOpen = "04fde8005a0a0000fe00";
// The same with MP for IPv4 and IPv6 and AS 65000 of four octets.
constexpr std::string_view kFullOpen =
    "04fde8005a0a0000fe14"
    "0212"
    "010400010001"
    "010400020001"
    "41040000fde8";
// ORIGIN, AS_PATH 65000, NEXT_HOP 10.0.0.254.
#define LB_GOOD_ATTRIBUTES \
  "40010100"               \
  "4002060201"             \
  "0000fde8"               \
  "4003040a0000fe"

struct Row {
  const char* name;
  SessionState state;  // In which the bytes come.
  std::vector<uint8_t> bytes;
  std::string want;  // That the session says.
};

constexpr SessionState kSent = SessionState::kOpenSent;
constexpr SessionState kConfirm = SessionState::kOpenConfirm;
constexpr SessionState kUp = SessionState::kEstablished;

// With that length in its header, whatever there is.
std::vector<uint8_t> WithLength(std::vector<uint8_t> message, uint16_t length) {
  message[16] = static_cast<uint8_t>(length >> 8);
  message[17] = static_cast<uint8_t>(length);
  return message;
}

std::vector<uint8_t> WithMarker(std::vector<uint8_t> message, uint8_t byte) {
  message[7] = byte;
  return message;
}

std::vector<Row> HeaderRows() {
  const std::vector<uint8_t> alive = RawMessage(4, "");
  return {
      {"marker", kSent, WithMarker(alive, 0), "NOTIFICATION 1/1 close"},
      {"marker, up", kUp, WithMarker(alive, 0xfe), "NOTIFICATION 1/1 close"},
      {"length 18", kSent, WithLength(alive, 18),
       "NOTIFICATION 1/2 0012 close"},
      {"length 0", kUp, WithLength(alive, 0), "NOTIFICATION 1/2 0000 close"},
      {"length 4097", kUp, WithLength(RawMessage(2, "00000000"), 4097),
       "NOTIFICATION 1/2 1001 close"},
      {"type 0", kSent, RawMessage(0, ""), "NOTIFICATION 1/3 00 close"},
      {"type 6", kSent, RawMessage(6, ""), "NOTIFICATION 1/3 06 close"},
      {"type 9, up", kUp, RawMessage(9, "00"), "NOTIFICATION 1/3 09 close"},
      {"OPEN of 28", kSent, RawMessage(1, "04fde8005a0a0000fe"),
       "NOTIFICATION 1/2 001c close"},
      {"KEEPALIVE of 20", kUp, RawMessage(4, "00"),
       "NOTIFICATION 1/2 0014 close"},
      {"UPDATE of 22", kUp, RawMessage(2, "000000"),
       "NOTIFICATION 1/2 0016 close"},
      {"NOTIFICATION of 20", kUp, RawMessage(3, "06"),
       "NOTIFICATION 1/2 0014 close"},
      {"refresh of 22", kUp, RawMessage(5, "000100"),
       "NOTIFICATION 1/2 0016 close"},
      {"BoRR of 24", kUp, RawMessage(5, "0001010100"),
       "NOTIFICATION 7/1 " + ToHex(RawMessage(5, "0001010100")) + " close"},
  };
}

std::vector<Row> OpenRows() {
  return {
      {"bare", kSent, RawMessage(1, kBareOpen), "KEEPALIVE"},
      {"full", kSent, RawMessage(1, kFullOpen), "KEEPALIVE"},
      {"version 3", kSent, RawMessage(1, "03fde8005a0a0000fe00"),
       "NOTIFICATION 2/1 0004 close"},
      {"version 5", kSent, RawMessage(1, "05fde8005a0a0000fe00"),
       "NOTIFICATION 2/1 0004 close"},
      {"AS 65001", kSent, RawMessage(1, "04fde9005a0a0000fe00"),
       "NOTIFICATION 2/2 close"},
      {"AS 0", kSent, RawMessage(1, "040000005a0a0000fe00"),
       "NOTIFICATION 2/2 close"},
      {"AS 65000, but 65001 of four octets", kSent,
       RawMessage(1,
                  "04fde8005a0a0000fe08"
                  "0206"
                  "41040000fde9"),
       "NOTIFICATION 2/2 close"},
      {"AS_TRANS and 65000 of four octets", kSent,
       RawMessage(1,
                  "045ba0005a0a0000fe08"
                  "0206"
                  "41040000fde8"),
       "KEEPALIVE"},
      {"AS 0 of four octets", kSent,
       RawMessage(1,
                  "04fde8005a0a0000fe08"
                  "0206"
                  "410400000000"),
       "NOTIFICATION 2/2 close"},
      {"identifier 0", kSent, RawMessage(1, "04fde8005a0000000000"),
       "NOTIFICATION 2/3 close"},
      {"our identifier, another AS", kSent,
       RawMessage(1, "04fde8005a0a00000100"), "KEEPALIVE"},
      {"hold time 0", kSent, RawMessage(1, "04fde800000a0000fe00"),
       "KEEPALIVE"},
      {"hold time 1", kSent, RawMessage(1, "04fde800010a0000fe00"),
       "NOTIFICATION 2/6 close"},
      {"hold time 2", kSent, RawMessage(1, "04fde800020a0000fe00"),
       "NOTIFICATION 2/6 close"},
      {"hold time 3", kSent, RawMessage(1, "04fde800030a0000fe00"),
       "KEEPALIVE"},
      {"the version goes first", kSent, RawMessage(1, "03fde900010000000000"),
       "NOTIFICATION 2/1 0004 close"},
      {"the AS goes before the identifier", kSent,
       RawMessage(1, "04fde900010000000000"), "NOTIFICATION 2/2 close"},
      {"the identifier goes before the hold time", kSent,
       RawMessage(1, "04fde800010000000000"), "NOTIFICATION 2/3 close"},
  };
}

std::vector<Row> ParameterRows() {
  return {
      {"parameters beyond the end", kSent,
       RawMessage(1,
                  "04fde8005a0a0000fe04"
                  "0206"),
       "NOTIFICATION 2/0 close"},
      {"a capability beyond its parameter", kSent,
       RawMessage(1,
                  "04fde8005a0a0000fe04"
                  "0202"
                  "4104"),
       "NOTIFICATION 2/0 close"},
      {"an unknown parameter", kSent,
       RawMessage(1,
                  "04fde8005a0a0000fe03"
                  "0101"
                  "00"),
       "NOTIFICATION 2/4 010100 close"},
      {"unknown capabilities", kSent,
       RawMessage(1,
                  "04fde8005a0a0000fe0a"
                  "0208"
                  "49026869"
                  "f0020000"),
       "KEEPALIVE"},
      {"one parameter for each capability", kSent,
       RawMessage(1,
                  "04fde8005a0a0000fe10"
                  "0206"
                  "010400010001"
                  "0206"
                  "41040000fde8"),
       "KEEPALIVE"},
      {"repeated capabilities", kSent,
       RawMessage(1,
                  "04fde8005a0a0000fe10"
                  "020e"
                  "010400010001"
                  "010400010001"
                  "0200"),
       "KEEPALIVE"},
      {"extended parameters", kSent,
       RawMessage(1,
                  "04fde8005a0a0000feff"
                  "ff0009"
                  "020006"
                  "41040000fde8"),
       "KEEPALIVE"},
      {"only a family that we lack", kSent,
       RawMessage(1,
                  "04fde8005a0a0000fe08"
                  "0206"
                  "010400190041"),
       "NOTIFICATION 2/7 010400010001010400020001 close"},
  };
}

std::vector<Row> StateRows() {
  const std::vector<uint8_t> open = RawMessage(1, kFullOpen);
  const std::vector<uint8_t> alive = RawMessage(4, "");
  const std::vector<uint8_t> update = RawMessage(2, "00000000");
  const std::vector<uint8_t> refresh = RawMessage(5, "00010001");
  const std::vector<uint8_t> cease = RawMessage(3, "0602");
  return {
      {"KEEPALIVE", kSent, alive, "NOTIFICATION 5/1 close"},
      {"UPDATE", kSent, update, "NOTIFICATION 5/1 close"},
      {"refresh", kSent, refresh, "NOTIFICATION 5/1 close"},
      {"OPEN again", kConfirm, open, "NOTIFICATION 5/2 close"},
      {"UPDATE too early", kConfirm, update, "NOTIFICATION 5/2 close"},
      {"refresh too early", kConfirm, refresh, "NOTIFICATION 5/2 close"},
      {"OPEN when up", kUp, open, "NOTIFICATION 5/3 close"},
      // None is answered.
      {"NOTIFICATION", kSent, cease, "close"},
      {"NOTIFICATION, then", kConfirm, cease, "close"},
      {"NOTIFICATION, when up", kUp, cease, "close"},
      {"NOTIFICATION of no known code", kUp, RawMessage(3, "c8c8"), "close"},
  };
}

std::vector<Row> UpdateRows() {
  return {
      {"End-of-RIB", kUp, RawMessage(2, "00000000"), ""},
      {"End-of-RIB of IPv6", kUp,
       RawMessage(2,
                  "00000006"
                  "800f03000201"),
       ""},
      {"a route", kUp, RawMessage(2, "00000014" LB_GOOD_ATTRIBUTES "18c00002"),
       ""},
      {"a withdrawal of what we never had", kUp,
       RawMessage(2,
                  "0004"
                  "18c00002"
                  "0000"),
       ""},
      {"withdrawals beyond the end", kUp, RawMessage(2, "00050000"),
       "NOTIFICATION 3/1 close"},
      {"attributes beyond the end", kUp, RawMessage(2, "00000005"),
       "NOTIFICATION 3/1 close"},
      {"withdraws a prefix of 33 bits", kUp,
       RawMessage(2,
                  "0006"
                  "21c000020100"
                  "0000"),
       "NOTIFICATION 3/10 close"},
      {"a prefix of 33 bits", kUp,
       RawMessage(2, "00000014" LB_GOOD_ATTRIBUTES "21c000020100"),
       "NOTIFICATION 3/10 close"},
      {"a prefix beyond the end", kUp,
       RawMessage(2, "00000014" LB_GOOD_ATTRIBUTES "20c000"),
       "NOTIFICATION 3/10 close"},
  };
}

std::vector<Row> LenientRows() {
  return {
      // RFC 7606 keeps the session.
      {"no ORIGIN", kUp,
       RawMessage(2,
                  "00000010"
                  "40020602010000fde8"
                  "4003040a0000fe"
                  "18c00002"),
       ""},
      {"ORIGIN 3", kUp,
       RawMessage(2,
                  "00000014"
                  "40010103"
                  "40020602010000fde8"
                  "4003040a0000fe"
                  "18c00002"),
       ""},
      {"communities of three bytes", kUp,
       RawMessage(2, "0000001a" LB_GOOD_ATTRIBUTES "c00803000000"
                     "18c00002"),
       ""},
      {"MP_REACH_NLRI twice", kUp,
       RawMessage(2,
                  "00000020"
                  "800e0d0002010420010db80000000000"
                  "800e0d0002010420010db80000000000"),
       "NOTIFICATION 3/1 close"},
      {"refresh of IPv4", kUp, RawMessage(5, "00010001"), "UPDATE"},
      {"refresh of a family that we lack", kUp, RawMessage(5, "00190041"), ""},
      {"BoRR and EoRR", kUp, RawMessage(5, "00010101"), ""},
      {"refresh of an unknown kind", kUp, RawMessage(5, "00010301"), ""},
  };
}

class SessionFaultsTest : public SessionFixture {
 protected:
  std::string Run(const Row& row) {
    Start();
    Wait(absl::ZeroDuration());
    Connect();
    if (row.state != kSent) Hear(RawMessage(1, kFullOpen));
    if (row.state == kUp) Hear(RawMessage(4, ""));
    EXPECT_EQ(session_->state(), row.state);
    return Hear(row.bytes);
  }
  void RunAll(const std::vector<Row>& rows) {
    rib_.Set({*net::ParseIpPrefix("192.0.2.10/32"), {}});
    for (const Row& row : rows) {
      SCOPED_TRACE(row.name);
      EXPECT_EQ(Run(row), row.want);
      const bool ends = testing::Value(row.want, testing::HasSubstr("close"));
      EXPECT_EQ(IsConnected(session_->state()), !ends);
      // What follows on a connection that is over is not read.
      if (ends) {
        EXPECT_EQ(Hear(RawMessage(1, kFullOpen)), "");
      }
    }
  }
};

TEST_F(SessionFaultsTest, Headers) { RunAll(HeaderRows()); }
TEST_F(SessionFaultsTest, Opens) { RunAll(OpenRows()); }
TEST_F(SessionFaultsTest, OptionalParameters) { RunAll(ParameterRows()); }
TEST_F(SessionFaultsTest, MessagesInTheWrongState) { RunAll(StateRows()); }
TEST_F(SessionFaultsTest, Updates) { RunAll(UpdateRows()); }
TEST_F(SessionFaultsTest, WhatIsOverlooked) { RunAll(LenientRows()); }

TEST_F(SessionFaultsTest, OneTablePerChapterMakesSixty) {
  EXPECT_GE(HeaderRows().size() + OpenRows().size() + ParameterRows().size() +
                StateRows().size() + UpdateRows().size() + LenientRows().size(),
            60u);
}

TEST_F(SessionFaultsTest, AnInternalPeerHasAnotherIdentifier) {
  options_.peer_as = {.rule = PeerAsRule::kInternal};
  EXPECT_EQ(Run({"", kSent, RawMessage(1, "04fc00005a0a00000100"), ""}),
            "NOTIFICATION 2/3 close");
  EXPECT_EQ(Run({"", kSent, RawMessage(1, "04fc00005a0a0000fe00"), ""}),
            "KEEPALIVE");
  EXPECT_EQ(Run({"", kSent, RawMessage(1, kBareOpen), ""}),
            "NOTIFICATION 2/2 close");
}

TEST_F(SessionFaultsTest, AnExternalPeerHasAnotherAs) {
  options_.peer_as = {.rule = PeerAsRule::kExternal};
  EXPECT_EQ(Run({"", kSent, RawMessage(1, kBareOpen), ""}), "KEEPALIVE");
  EXPECT_EQ(Run({"", kSent, RawMessage(1, "04fc00005a0a0000fe00"), ""}),
            "NOTIFICATION 2/2 close");
  EXPECT_EQ(Run({"", kSent, RawMessage(1, "040000005a0a0000fe00"), ""}),
            "NOTIFICATION 2/2 close");
}

// Every beginning of a good conversation waits for its rest.
TEST_F(SessionFaultsTest, NoTruncationIsAFault) {
  const std::vector<uint8_t> open = RawMessage(1, kFullOpen);
  for (size_t size = 0; size < open.size(); ++size) {
    EXPECT_EQ(Run({"", kSent, {open.begin(), open.begin() + size}, ""}), "");
  }
}

}  // namespace
}  // namespace lb::bgp
