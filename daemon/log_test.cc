#include "daemon/log.h"

#include <string>

#include "absl/time/time.h"
#include "grpc/support/log.h"
#include "gtest/gtest.h"

namespace lb {
namespace {

std::string Logged(const Event& event) {
  testing::internal::CaptureStderr();
  LogEvent(event);
  return testing::internal::GetCapturedStderr();
}

class LogTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    ConfigureLog(LogLevel::kWarning, LogFormat::kJson);
  }
};

TEST_F(LogTest, OneLineOfStableKeysAboveTheLevel) {
  Event event = {.sequence = 7,
                 .time = absl::FromUnixSeconds(1),
                 .type = EventType::kWarning,
                 .reason = "JoinFailed",
                 .object = {EventObject::kNode, "n1"},
                 .message = "a\nb"};
  const std::string line =
      "{\"sequence\":\"7\",\"type\":\"WARNING\",\"reason\":\"JoinFailed\","
      "\"object\":\"Node/n1\",\"message\":\"a\\\\x0ab\","
      "\"time\":\"1970-01-01T00:00:01Z\"}\n";
  EXPECT_EQ(Logged(event), line);
  event.type = EventType::kNormal;
  EXPECT_EQ(Logged(event), "");
  SetLogLevel(LogLevel::kInfo);
  EXPECT_NE(Logged(event), "");
  for (int i = 0; i < 3; ++i) EXPECT_NE(Logged(event), "");
  EXPECT_EQ(Logged(event), "");  // The sixth.
  event.time += absl::Minutes(1);
  EXPECT_NE(Logged(event).find("(and 1 like it, not logged)"),
            std::string::npos);
}

TEST_F(LogTest, GrpcIsHeardWhenDebugging) {
  gpr_set_log_verbosity(GPR_LOG_SEVERITY_ERROR);  // As grpc_init() would.
  const auto logged = [] {
    testing::internal::CaptureStderr();
    gpr_log(GPR_ERROR, "a failed handshake");
    return testing::internal::GetCapturedStderr();
  };
  SetLogLevel(LogLevel::kInfo);
  EXPECT_EQ(logged(), "");
  SetLogLevel(LogLevel::kDebug);
  EXPECT_NE(logged().find("\"message\":\"a failed handshake\""),
            std::string::npos);
}

}  // namespace
}  // namespace lb
