#include "lb/http/testing/server_session.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "fmt/format.h"
#include "lb/base/check.h"

namespace lb::http {
namespace {

std::vector<Header> WithStatus(int status, std::vector<Header> headers) {
  headers.insert(headers.begin(), {":status", fmt::to_string(status)});
  return headers;
}

}  // namespace

ServerSession::ServerSession(const ServerSessionOptions& options)
    : session_(NewNghttp2Server(this)) {
  const std::array<nghttp2_settings_entry, 2> settings = {{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options.streams_max},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options.stream_window},
  }};
  LB_CHECK(nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE,
                                   settings.data(), settings.size()) == 0);
  LB_CHECK(nghttp2_session_set_local_window_size(
               session_.get(), NGHTTP2_FLAG_NONE, /*stream_id=*/0,
               options.connection_window) == 0);
}

void ServerSession::OnBytes(absl::Span<const uint8_t> bytes) {
  (void)nghttp2_session_mem_recv(session_.get(), bytes.data(), bytes.size());
}

std::vector<ServerRequest> ServerSession::TakeRequests() {
  return std::exchange(requests_, {});
}

bool ServerSession::wants_bytes() const {
  return nghttp2_session_want_read(session_.get()) != 0;
}

void ServerSession::Informational(int32_t stream, int status) {
  if (!IsOpen(stream)) return;
  const std::vector<Header> head = WithStatus(status, {});
  const std::vector<nghttp2_nv> views = Views(head);
  nghttp2_submit_headers(session_.get(), NGHTTP2_FLAG_NONE, stream, nullptr,
                         views.data(), views.size(), nullptr);
}

void ServerSession::Head(int32_t stream, int status,
                         std::vector<Header> headers) {
  if (!IsOpen(stream)) return;
  const std::vector<Header> head = WithStatus(status, std::move(headers));
  const std::vector<nghttp2_nv> views = Views(head);
  const nghttp2_data_provider body = BodyOf(this);
  nghttp2_submit_response(session_.get(), stream, views.data(), views.size(),
                          &body);
}

void ServerSession::Body(int32_t stream, std::string_view bytes) {
  Stream* const found = Find(stream);
  if (found == nullptr) return;
  found->body += bytes;
  nghttp2_session_resume_data(session_.get(), stream);
}

void ServerSession::End(int32_t stream) { EndWithTrailers(stream, {}); }

void ServerSession::EndWithTrailers(int32_t stream,
                                    std::vector<Header> trailers) {
  Stream* const found = Find(stream);
  if (found == nullptr) return;
  found->is_ended = true;
  found->trailers = std::move(trailers);
  nghttp2_session_resume_data(session_.get(), stream);
}

void ServerSession::Reset(int32_t stream, uint32_t error_code) {
  if (!IsOpen(stream)) return;
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream,
                            error_code);
}

void ServerSession::GoAway(int32_t last_stream, uint32_t error_code,
                           std::string_view text) {
  nghttp2_submit_goaway(
      session_.get(), NGHTTP2_FLAG_NONE, last_stream, error_code,
      reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

int32_t ServerSession::last_stream() const {
  return nghttp2_session_get_last_proc_stream_id(session_.get());
}

void ServerSession::Ping() {
  nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr);
}

void ServerSession::ChangeStreamsMax(uint32_t streams_max) {
  const nghttp2_settings_entry entry = {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS,
                                        streams_max};
  nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, &entry, 1);
}

std::string ServerSession::TakeOutput() {
  std::string output;
  AppendOutput(session_.get(), &output);
  return output;
}

Nghttp2Verdict ServerSession::OnHeaders(const nghttp2_frame& frame) {
  const int32_t stream = frame.hd.stream_id;
  streams_[stream].request.stream = stream;
  return Nghttp2Verdict::kGoOn;
}

Nghttp2Verdict ServerSession::OnHeader(const nghttp2_frame& frame,
                                       std::string_view name,
                                       std::string_view value) {
  ServerRequest& request = streams_[frame.hd.stream_id].request;
  if (name == ":method") {
    request.method = value;
  } else if (name == ":scheme") {
    request.scheme = value;
  } else if (name == ":authority") {
    request.authority = value;
  } else if (name == ":path") {
    request.path = value;
  } else {
    request.headers.push_back({std::string(name), std::string(value)});
  }
  return Nghttp2Verdict::kGoOn;
}

void ServerSession::OnBody(int32_t stream, std::string_view bytes) {
  if (Stream* const found = Find(stream)) found->request.body += bytes;
}

void ServerSession::OnFrame(const nghttp2_frame& frame) {
  const bool is_ack = (frame.hd.flags & NGHTTP2_FLAG_ACK) != 0;
  if (frame.hd.type == NGHTTP2_PING && !is_ack) ++pings_;
  if (frame.hd.type == NGHTTP2_RST_STREAM) ++resets_;
  if (frame.hd.type != NGHTTP2_HEADERS && frame.hd.type != NGHTTP2_DATA) return;
  if ((frame.hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return;
  if (const Stream* const found = Find(frame.hd.stream_id)) {
    requests_.push_back(found->request);
  }
}

void ServerSession::OnStreamEnd(int32_t stream, uint32_t) {
  streams_.erase(stream);
}

BodyPiece ServerSession::ReadBody(int32_t stream, absl::Span<uint8_t> into) {
  Stream* const found = Find(stream);
  if (found == nullptr) return {.is_last = true};
  std::string& body = found->body;
  const size_t size = std::min(body.size(), into.size());
  std::memcpy(into.data(), body.data(), size);
  body.erase(0, size);
  const bool is_last = body.empty() && found->is_ended;
  if (size == 0 && !is_last) return {.is_late = true};
  if (!is_last || found->trailers.empty()) {
    return {.size = size, .is_last = is_last};
  }
  const std::vector<nghttp2_nv> views = Views(found->trailers);
  nghttp2_submit_trailer(session_.get(), stream, views.data(), views.size());
  return {.size = size, .is_last = true, .has_trailers = true};
}

ServerSession::Stream* ServerSession::Find(int32_t stream) {
  const auto found = streams_.find(stream);
  return found == streams_.end() ? nullptr : &found->second;
}

}  // namespace lb::http
