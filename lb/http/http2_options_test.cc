#include "lb/http/http2_options.h"

#include <string>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "lb/base/testing/status_matchers.h"

namespace lb::http {
namespace {

using testing::HasSubstr;

TEST(Http2OptionsTest, EachOptionHasALimit) {
  EXPECT_THAT(Validate(Http2Options()), IsOk());
  const std::pair<Http2Options, std::string> cases[] = {
      {{.requests_max = 0}, "http2: requests_max: 0, want 1 to 10000"},
      {{.streams_max = 10'001}, "streams_max: 10001"},
      {{.request_body_bytes_max = 1 << 30}, "request_body_bytes_max"},
      {{.request_header_bytes_max = 1 << 20}, "request_header_bytes_max"},
      {{.response_header_bytes_max = 0}, "response_header_bytes_max"},
      {{.response_header_count_max = 0}, "response_header_count_max"},
      {{.stream_window = 1000}, "stream_window: 1000, want 65535 to 4194304"},
      {{.stream_window = 8 << 20}, "stream_window: 8388608"},
      {{.connection_window = -1}, "connection_window"},
      {{.ping_interval = absl::ZeroDuration()},
       "ping_interval: 0, want 10ms or more"},
      {{.ping_timeout = absl::ZeroDuration()}, "ping_timeout: 0"},
  };
  for (const auto& [options, message] : cases) {
    EXPECT_THAT(Validate(options), StatusIs(absl::StatusCode::kInvalidArgument,
                                            HasSubstr(message)));
  }
}

}  // namespace
}  // namespace lb::http
