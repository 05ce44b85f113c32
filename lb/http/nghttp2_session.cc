#include "lb/http/nghttp2_session.h"

#include "lb/base/check.h"

namespace lb::http {
namespace {

Nghttp2Observer& ObserverOf(void* user) {
  return *static_cast<Nghttp2Observer*>(user);
}

int Answer(Nghttp2Verdict verdict) {
  switch (verdict) {
    case Nghttp2Verdict::kGoOn:
      return 0;
    case Nghttp2Verdict::kResetStream:
      return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    case Nghttp2Verdict::kEndConnection:
      return NGHTTP2_ERR_CALLBACK_FAILURE;
  }
  LB_UNREACHABLE();
}

int OnBeginFrame(nghttp2_session*, const nghttp2_frame_hd* header, void* user) {
  return Answer(ObserverOf(user).OnFrameHeader(*header));
}

int OnBeginHeaders(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  return Answer(ObserverOf(user).OnHeaders(*frame));
}

int OnHeader(nghttp2_session*, const nghttp2_frame* frame, const uint8_t* name,
             size_t name_size, const uint8_t* value, size_t value_size, uint8_t,
             void* user) {
  return Answer(ObserverOf(user).OnHeader(
      *frame, {reinterpret_cast<const char*>(name), name_size},
      {reinterpret_cast<const char*>(value), value_size}));
}

int OnDataChunk(nghttp2_session*, uint8_t, int32_t stream, const uint8_t* bytes,
                size_t size, void* user) {
  ObserverOf(user).OnBody(stream, {reinterpret_cast<const char*>(bytes), size});
  return 0;
}

int OnFrameReceived(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  ObserverOf(user).OnFrame(*frame);
  return 0;
}

int OnStreamClose(nghttp2_session*, int32_t stream, uint32_t error_code,
                  void* user) {
  ObserverOf(user).OnStreamEnd(stream, error_code);
  return 0;
}

int OnFrameSent(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  ObserverOf(user).OnFrameSent(*frame);
  return 0;
}

ssize_t ReadBody(nghttp2_session*, int32_t stream, uint8_t* into, size_t size,
                 uint32_t* flags, nghttp2_data_source* source, void*) {
  const BodyPiece piece =
      ObserverOf(source->ptr).ReadBody(stream, absl::MakeSpan(into, size));
  if (piece.is_late) return NGHTTP2_ERR_DEFERRED;
  if (piece.is_last) *flags |= NGHTTP2_DATA_FLAG_EOF;
  if (piece.has_trailers) *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
  return static_cast<ssize_t>(piece.size);
}

struct FreeCallbacks {
  void operator()(nghttp2_session_callbacks* callbacks) const {
    nghttp2_session_callbacks_del(callbacks);
  }
};
using Callbacks = std::unique_ptr<nghttp2_session_callbacks, FreeCallbacks>;

Callbacks NewCallbacks() {
  nghttp2_session_callbacks* made = nullptr;
  LB_CHECK(nghttp2_session_callbacks_new(&made) == 0);
  nghttp2_session_callbacks_set_on_begin_frame_callback(made, OnBeginFrame);
  nghttp2_session_callbacks_set_on_begin_headers_callback(made, OnBeginHeaders);
  nghttp2_session_callbacks_set_on_header_callback(made, OnHeader);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, OnDataChunk);
  nghttp2_session_callbacks_set_on_frame_recv_callback(made, OnFrameReceived);
  nghttp2_session_callbacks_set_on_stream_close_callback(made, OnStreamClose);
  nghttp2_session_callbacks_set_on_frame_send_callback(made, OnFrameSent);
  return Callbacks(made);
}

bool IsCredential(std::string_view name) {
  return name == "authorization" || name == "cookie";
}

// nghttp2 only reads it.
uint8_t* Pointer(const std::string& text) {
  return reinterpret_cast<uint8_t*>(const_cast<char*>(text.data()));
}

}  // namespace

Nghttp2Pointer NewNghttp2Client(Nghttp2Observer* observer) {
  nghttp2_option* option = nullptr;
  LB_CHECK(nghttp2_option_new(&option) == 0);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_session* session = nullptr;
  const int made = nghttp2_session_client_new2(&session, NewCallbacks().get(),
                                               observer, option);
  nghttp2_option_del(option);
  LB_CHECK(made == 0);
  return Nghttp2Pointer(session);
}

Nghttp2Pointer NewNghttp2Server(Nghttp2Observer* observer) {
  nghttp2_session* session = nullptr;
  LB_CHECK(nghttp2_session_server_new(&session, NewCallbacks().get(),
                                      observer) == 0);
  return Nghttp2Pointer(session);
}

nghttp2_data_provider BodyOf(Nghttp2Observer* observer) {
  nghttp2_data_provider provider{};
  provider.source.ptr = observer;
  provider.read_callback = ReadBody;
  return provider;
}

std::vector<nghttp2_nv> Views(absl::Span<const Header> headers) {
  std::vector<nghttp2_nv> views;
  views.reserve(headers.size());
  for (const Header& header : headers) {
    const uint8_t flags = IsCredential(header.name) ? NGHTTP2_NV_FLAG_NO_INDEX
                                                    : NGHTTP2_NV_FLAG_NONE;
    views.push_back({.name = Pointer(header.name),
                     .value = Pointer(header.value),
                     .namelen = header.name.size(),
                     .valuelen = header.value.size(),
                     .flags = flags});
  }
  return views;
}

void AppendOutput(nghttp2_session* session, std::string* output) {
  for (;;) {
    const uint8_t* bytes = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session, &bytes);
    if (size <= 0) return;  // An error ends the session; it wants nothing more.
    output->append(reinterpret_cast<const char*>(bytes),
                   static_cast<size_t>(size));
  }
}

}  // namespace lb::http
