#include "lb/http/http2_session.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "absl/strings/numbers.h"
#include "fmt/format.h"
#include "lb/base/bytes.h"
#include "lb/base/check.h"
#include "lb/http/http2_errors.h"
#include "lb/http/request_check.h"

namespace lb::http {
namespace {

constexpr size_t kFrameHeaderSize = 9;

// A piece of a body takes up the next frames of its response up to this size.
constexpr size_t kPieceMax = 64 << 10;

// A server that does not speak HTTP/2 says something like this.
constexpr std::string_view kOldHttp = "HTTP/1.";

bool HasFlag(const nghttp2_frame_hd& header, uint8_t flag) {
  return (header.flags & flag) != 0;
}

std::vector<Header> FieldsOf(const Request& request,
                             const Http2Target& target) {
  std::vector<Header> fields = {{":method", request.method},
                                {":scheme", target.scheme},
                                {":authority", target.authority},
                                {":path", request.path}};
  fields.insert(fields.end(), request.headers.begin(), request.headers.end());
  const bool has_length =
      std::any_of(request.headers.begin(), request.headers.end(),
                  [](const Header& h) { return h.name == "content-length"; });
  if (!request.body.empty() && !has_length) {
    fields.push_back({"content-length", fmt::to_string(request.body.size())});
  }
  return fields;
}

}  // namespace

Http2Session::Http2Session(const Http2Options& options, Http2Target target,
                           absl::Time now)
    : options_(options),
      target_(std::move(target)),
      now_(now),
      frames_(now),
      liveness_(options.ping_interval, options.ping_timeout, now),
      session_(NewNghttp2Client(this)) {
  const std::array<nghttp2_settings_entry, 3> settings = {{
      {NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE,
       static_cast<uint32_t>(options_.stream_window)},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
       static_cast<uint32_t>(options_.response_header_bytes_max)},
  }};
  LB_CHECK(nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE,
                                   settings.data(), settings.size()) == 0);
  LB_CHECK(nghttp2_session_set_local_window_size(
               session_.get(), NGHTTP2_FLAG_NONE, /*stream_id=*/0,
               options_.connection_window) == 0);
  Pump();
}

void Http2Session::Send(absl::Time now, RequestId id, Request request) {
  now_ = now;
  absl::Status refusal = CheckRequest(request, options_);
  if (refusal.ok() && !takes_requests()) {
    refusal = status_.ok() ? absl::UnavailableError(going_away_) : status_;
  }
  if (refusal.ok() &&
      waiting_.size() + exchanges_.size() >= options_.requests_max) {
    refusal = absl::ResourceExhaustedError(fmt::format(
        "{} requests are open, want at most that", options_.requests_max));
  }
  if (!refusal.ok()) {
    events_.emplace_back(EndEvent{id, std::move(refusal)});
    return;
  }
  waiting_.push_back({id, std::move(request)});
  Pump();
}

void Http2Session::Cancel(RequestId id) {
  std::erase_if(waiting_, [&](const Waiting& w) { return w.id == id; });
  const auto stream = streams_.find(id);
  if (stream != streams_.end()) {
    nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream->second,
                              NGHTTP2_CANCEL);
    exchanges_.erase(stream->second);
    streams_.erase(stream);
  }
  Pump();
}

void Http2Session::OnBytes(absl::Time now, absl::Span<const uint8_t> bytes) {
  if (!status_.ok()) return;
  now_ = now;
  liveness_.OnBytes(now);
  if (bytes.empty()) return;
  if (greeting_.size() < kOldHttp.size()) {
    greeting_ += AsText(bytes).substr(0, kOldHttp.size() - greeting_.size());
  }
  const ssize_t taken =
      nghttp2_session_mem_recv(session_.get(), bytes.data(), bytes.size());
  if (taken < 0) {
    // nghttp2 itself gives up, so it sends nothing either. If an observer's
    // verdict is the cause, `broken_` has the reason.
    if (broken_.empty()) broken_ = nghttp2_strerror(static_cast<int>(taken));
    return EndRequests(absl::UnavailableError(ReasonOfEnd()));
  }
  Pump();
}

void Http2Session::Consume(RequestId id, size_t bytes) {
  if (!status_.ok()) return;
  const auto stream = streams_.find(id);
  if (stream == streams_.end()) {
    nghttp2_session_consume_connection(session_.get(), bytes);
  } else {
    nghttp2_session_consume(session_.get(), stream->second, bytes);
  }
  Pump();
}

absl::Time Http2Session::NextDeadline() const {
  return status_.ok() ? liveness_.NextDeadline() : absl::InfiniteFuture();
}

void Http2Session::OnTimer(absl::Time now) {
  if (!status_.ok()) return;
  now_ = now;
  switch (liveness_.OnTimer(now)) {
    case Liveness::Due::kNothing:
      return;
    case Liveness::Due::kPing:
      nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr);
      return Pump();
    case Liveness::Due::kLoss:
      return End(absl::UnavailableError(
          fmt::format("the server is silent, no answer to a ping within {}",
                      absl::FormatDuration(options_.ping_timeout))));
  }
}

void Http2Session::Drain() {
  if (going_away_.empty()) going_away_ = "the connection takes no new requests";
  Pump();
}

void Http2Session::End(const absl::Status& why) {
  if (!status_.ok()) return;
  nghttp2_session_terminate_session(session_.get(), NGHTTP2_NO_ERROR);
  AppendOutput(session_.get(), &output_);
  EndRequests(why);
}

void Http2Session::EndRequests(const absl::Status& why) {
  LB_CHECK(status_.ok() && !why.ok());
  status_ = why;
  for (const auto& [id, stream] : streams_) {
    events_.emplace_back(EndEvent{id, why});
  }
  for (const Waiting& waiting : waiting_) {
    events_.emplace_back(EndEvent{waiting.id, why});
  }
  exchanges_.clear();
  streams_.clear();
  waiting_.clear();
}

std::string Http2Session::TakeOutput() {
  return std::exchange(output_, std::string());
}

std::vector<Http2Event> Http2Session::TakeEvents() {
  return std::exchange(events_, {});
}

Http2Session::Exchange* Http2Session::Find(int32_t stream) {
  const auto found = exchanges_.find(stream);
  return found == exchanges_.end() ? nullptr : &found->second;
}

// True if the frame has a purpose that is bounded elsewhere: a body, by the
// window; a head and an end, by the requests.
bool Http2Session::IsFree(const nghttp2_frame_hd& header) {
  const Exchange* const exchange = Find(header.stream_id);
  switch (header.type) {
    case NGHTTP2_DATA:
      return header.length > 0 ||
             (exchange != nullptr && HasFlag(header, NGHTTP2_FLAG_END_STREAM));
    case NGHTTP2_HEADERS:
      return exchange != nullptr &&
             (!exchange->has_head || HasFlag(header, NGHTTP2_FLAG_END_STREAM));
    case NGHTTP2_RST_STREAM:
      return exchange != nullptr;
    default:
      return false;
  }
}

Nghttp2Verdict Http2Session::OnFrameHeader(const nghttp2_frame_hd& header) {
  // nghttp2 refuses it only once the server has acknowledged our SETTINGS.
  if (header.type == NGHTTP2_PUSH_PROMISE) {
    broken_ = "it pushes a response to no request";
    return Nghttp2Verdict::kEndConnection;
  }
  if (!IsFree(header) && !frames_.Take(now_)) {
    broken_ = fmt::format("it sends more than {} frames a second without use",
                          FrameBudget::kPerSecond);
    return Nghttp2Verdict::kEndConnection;
  }
  if (header.type == NGHTTP2_HEADERS) block_ = {};
  if (header.type != NGHTTP2_HEADERS && header.type != NGHTTP2_CONTINUATION) {
    return Nghttp2Verdict::kGoOn;
  }
  block_.wire_bytes += header.length + kFrameHeaderSize;
  if (block_.wire_bytes <=
      options_.response_header_bytes_max + kFrameHeaderSize) {
    return Nghttp2Verdict::kGoOn;
  }
  broken_ = fmt::format("it sends a header block above {} bytes",
                        options_.response_header_bytes_max);
  return Nghttp2Verdict::kEndConnection;
}

Nghttp2Verdict Http2Session::OnHeaders(const nghttp2_frame& frame) {
  Exchange* const exchange = Find(frame.hd.stream_id);
  if (exchange != nullptr) exchange->head = {.id = exchange->id};
  return Nghttp2Verdict::kGoOn;
}

Nghttp2Verdict Http2Session::OnHeader(const nghttp2_frame& frame,
                                      std::string_view name,
                                      std::string_view value) {
  Exchange* const exchange = Find(frame.hd.stream_id);
  if (exchange == nullptr || exchange->has_head) return Nghttp2Verdict::kGoOn;
  ++block_.count;
  block_.bytes += name.size() + value.size() + kFieldOverhead;
  if (block_.count > options_.response_header_count_max ||
      block_.bytes > options_.response_header_bytes_max) {
    EndExchange(frame.hd.stream_id,
                absl::ResourceExhaustedError(fmt::format(
                    "the response has more than {} headers or {} bytes of them",
                    options_.response_header_count_max,
                    options_.response_header_bytes_max)));
    return Nghttp2Verdict::kResetStream;
  }
  if (name == ":status") {
    // nghttp2 has seen three digits (RFC 9113, 8.3.2).
    (void)absl::SimpleAtoi(absl::string_view(value.data(), value.size()),
                           &exchange->head.status);
  } else {
    exchange->head.headers.push_back({std::string(name), std::string(value)});
  }
  return Nghttp2Verdict::kGoOn;
}

void Http2Session::OnBody(int32_t stream, std::string_view bytes) {
  const Exchange* const exchange = Find(stream);
  if (exchange == nullptr) {  // It was cancelled a moment ago.
    nghttp2_session_consume_connection(session_.get(), bytes.size());
    return;
  }
  auto* const last =
      events_.empty() ? nullptr : std::get_if<BodyEvent>(&events_.back());
  if (last != nullptr && last->id == exchange->id &&
      last->bytes.size() + bytes.size() <= kPieceMax) {
    last->bytes += bytes;
    return;
  }
  events_.emplace_back(BodyEvent{exchange->id, std::string(bytes)});
}

void Http2Session::OnFrame(const nghttp2_frame& frame) {
  const int32_t stream = frame.hd.stream_id;
  switch (frame.hd.type) {
    case NGHTTP2_SETTINGS:
      if (!HasFlag(frame.hd, NGHTTP2_FLAG_ACK)) is_ready_ = true;
      return;
    case NGHTTP2_GOAWAY:
      return OnGoAway(frame.goaway);
    case NGHTTP2_HEADERS:
      if (Exchange* const exchange = Find(stream)) {
        OnHeadersEnd(stream, *exchange);
      }
      break;
    case NGHTTP2_DATA:
      break;
    default:
      return;
  }
  // nghttp2 has compared the length of the body with content-length.
  const Exchange* const exchange = Find(stream);
  if (exchange != nullptr && exchange->has_head &&
      HasFlag(frame.hd, NGHTTP2_FLAG_END_STREAM)) {
    EndExchange(stream, absl::OkStatus());
  }
}

void Http2Session::OnHeadersEnd(int32_t stream, Exchange& exchange) {
  if (exchange.has_head) return;  // Trailers.
  if (exchange.head.status >= 100 && exchange.head.status < 200) {
    if (++exchange.informational <= kInformationalMax) return;
    return EndExchange(stream,
                       absl::InternalError(fmt::format(
                           "more than {} informational responses, want a final "
                           "one",
                           kInformationalMax)));
  }
  if (exchange.head.status < 100) {  // nghttp2 takes any three digits.
    return EndExchange(stream,
                       absl::InternalError(fmt::format(
                           "the response has status {:03}, want 200 or more",
                           exchange.head.status)));
  }
  exchange.has_head = true;
  events_.emplace_back(std::move(exchange.head));
}

void Http2Session::OnGoAway(const nghttp2_goaway& goaway) {
  const std::string_view text =
      AsText(absl::MakeConstSpan(goaway.opaque_data, goaway.opaque_data_len));
  going_away_ = fmt::format("the server ends the connection ({})",
                            GoAwayText(goaway.error_code, text));
  // nghttp2 closes the streams that the server will not serve.
  for (const Waiting& waiting : std::exchange(waiting_, {})) {
    events_.emplace_back(
        EndEvent{waiting.id, absl::UnavailableError(going_away_)});
  }
}

void Http2Session::OnStreamEnd(int32_t stream, uint32_t error_code) {
  const auto found = exchanges_.find(stream);
  if (found == exchanges_.end()) return;
  const RequestId id = found->second.id;
  exchanges_.erase(found);
  streams_.erase(id);
  events_.emplace_back(EndEvent{id, StreamEnded(error_code)});
}

// The server need not have taken the whole request.
void Http2Session::EndExchange(int32_t stream, const absl::Status& status) {
  const RequestId id = exchanges_.at(stream).id;
  exchanges_.erase(stream);
  streams_.erase(id);
  if (!status.ok() ||
      nghttp2_session_get_stream_local_close(session_.get(), stream) == 0) {
    nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream,
                              NGHTTP2_CANCEL);
  }
  events_.emplace_back(EndEvent{id, status});
}

void Http2Session::OnFrameSent(const nghttp2_frame& frame) {
  if (frame.hd.type != NGHTTP2_GOAWAY ||
      frame.goaway.error_code == NGHTTP2_NO_ERROR) {
    return;
  }
  const std::string_view text = AsText(absl::MakeConstSpan(
      frame.goaway.opaque_data, frame.goaway.opaque_data_len));
  broken_ = fmt::format("it breaks HTTP/2 ({})",
                        GoAwayText(frame.goaway.error_code, text));
}

BodyPiece Http2Session::ReadBody(int32_t stream, absl::Span<uint8_t> into) {
  Exchange* const exchange = Find(stream);
  if (exchange == nullptr) return {.is_last = true};  // It is being reset.
  const std::string_view rest =
      std::string_view(exchange->body).substr(exchange->body_sent);
  const size_t size = std::min(rest.size(), into.size());
  std::memcpy(into.data(), rest.data(), size);
  exchange->body_sent += size;
  return {.size = size, .is_last = size == rest.size()};
}

void Http2Session::Submit(Waiting waiting) {
  const std::vector<Header> fields = FieldsOf(waiting.request, target_);
  const std::vector<nghttp2_nv> views = Views(fields);
  const nghttp2_data_provider body = BodyOf(this);
  const int32_t stream = nghttp2_submit_request(
      session_.get(), /*pri_spec=*/nullptr, views.data(), views.size(),
      waiting.request.body.empty() ? nullptr : &body, /*user_data=*/nullptr);
  if (stream < 0) {  // The numbers of streams are used up.
    going_away_ = nghttp2_strerror(stream);
    events_.emplace_back(
        EndEvent{waiting.id, absl::UnavailableError(going_away_)});
    return;
  }
  streams_[waiting.id] = stream;
  exchanges_[stream] = {.id = waiting.id,
                        .body = std::move(waiting.request.body)};
}

void Http2Session::Pump() {
  if (!status_.ok()) return;
  const size_t streams_max = std::min<size_t>(
      options_.streams_max,
      nghttp2_session_get_remote_settings(
          session_.get(), NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS));
  while (!waiting_.empty() && exchanges_.size() < streams_max) {
    Waiting waiting = std::move(waiting_.front());
    waiting_.pop_front();
    Submit(std::move(waiting));
  }
  AppendOutput(session_.get(), &output_);
  liveness_.SetWatched(!exchanges_.empty() || !waiting_.empty());
  const bool is_done =
      !going_away_.empty() && exchanges_.empty() && waiting_.empty();
  const bool is_dead = nghttp2_session_want_read(session_.get()) == 0 &&
                       nghttp2_session_want_write(session_.get()) == 0;
  if (is_done || is_dead) End(absl::UnavailableError(ReasonOfEnd()));
}

std::string Http2Session::ReasonOfEnd() const {
  if (!broken_.empty() && greeting_ == kOldHttp) {
    return "the server does not speak HTTP/2: it answers in HTTP/1";
  }
  if (!broken_.empty()) return fmt::format("the server fails: {}", broken_);
  if (!going_away_.empty()) return going_away_;
  return "the server has ended the connection";
}

}  // namespace lb::http
