// RecordingHandler: keeps what came of a response, for tests.
//
//   ResponseRecord record;
//   client.Send({.path = "/"}, Recorded(&record));
//   world.loop().RunFor(absl::Seconds(1));
//   EXPECT_EQ(record.body, "hello");
//
// The record outlives the handler.
#ifndef LB_HTTP_TESTING_RECORDING_HANDLER_H_
#define LB_HTTP_TESTING_RECORDING_HANDLER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "lb/base/check.h"
#include "lb/http/client.h"

namespace lb::http {

struct ResponseRecord {
  int status = 0;  // 0: no head came.
  std::vector<Header> headers;
  std::string body;
  std::optional<absl::Status> end;
  bool destroyed = false;  // The handler.
  // Called at the end of each call. May be empty.
  std::function<void()> on_change;
};

class RecordingHandler final : public ResponseHandler {
 public:
  explicit RecordingHandler(ResponseRecord* record) : record_(record) {}
  ~RecordingHandler() override { record_->destroyed = true; }

  void OnHead(int status, absl::Span<const Header> headers) override {
    LB_CHECK(record_->status == 0 && !record_->end);
    record_->status = status;
    record_->headers = {headers.begin(), headers.end()};
    Tell();
  }

  void OnBody(std::string_view bytes) override {
    LB_CHECK(record_->status != 0 && !record_->end);
    record_->body += bytes;
    Tell();
  }

  void OnEnd(const absl::Status& status) override {
    LB_CHECK(!record_->end);
    record_->end = status;
    Tell();
  }

 private:
  void Tell() {
    // A copy: it may replace itself.
    const auto on_change = record_->on_change;
    if (on_change) on_change();
  }

  ResponseRecord* const record_;
};

inline std::unique_ptr<ResponseHandler> Recorded(ResponseRecord* record) {
  return std::make_unique<RecordingHandler>(record);
}

}  // namespace lb::http

#endif  // LB_HTTP_TESTING_RECORDING_HANDLER_H_
