// The events of an Http2Session as lines of text, for tests.
//
//   "1 head 200 content-type=text/plain", "1 body hello", "1 end OK"
//
// Neighbouring pieces of one body are one line, as their cuts mean nothing.
#ifndef LB_HTTP_TESTING_EVENT_TEXT_H_
#define LB_HTTP_TESTING_EVENT_TEXT_H_

#include <string>
#include <variant>
#include <vector>

#include "fmt/format.h"
#include "lb/http/http2_session.h"

namespace lb::http {

class EventText {
 public:
  void Add(const Http2Event& event) {
    if (const auto* const body = std::get_if<BodyEvent>(&event)) {
      const bool goes_on = body_of_ == body->id;
      if (!goes_on) lines_.push_back(fmt::format("{} body ", body->id));
      lines_.back() += body->bytes;
      body_of_ = body->id;
      return;
    }
    body_of_ = 0;
    if (const auto* const head = std::get_if<HeadEvent>(&event)) {
      std::string line = fmt::format("{} head {}", head->id, head->status);
      for (const Header& header : head->headers) {
        line += fmt::format(" {}={}", header.name, header.value);
      }
      lines_.push_back(line);
      return;
    }
    const auto& end = std::get<EndEvent>(event);
    lines_.push_back(fmt::format("{} end {}", end.id, end.status.ToString()));
  }

  const std::vector<std::string>& lines() const { return lines_; }

 private:
  RequestId body_of_ = 0;
  std::vector<std::string> lines_;
};

}  // namespace lb::http

#endif  // LB_HTTP_TESTING_EVENT_TEXT_H_
