// Nghttp2Observer, and sessions of nghttp2 that tell one what happens.
//
// The callbacks of nghttp2 (version 1.52) as methods. nghttp2 keeps the rules
// of RFC 9113 for frames, streams, windows and headers (HPACK, RFC 7541); it
// has no socket and no clock. Within a method the session may be given frames
// to send (nghttp2_submit_*), but not bytes, and it may not be deleted.
//
// For Http2Session and the server of lb/http/testing.
#ifndef LB_HTTP_NGHTTP2_SESSION_H_
#define LB_HTTP_NGHTTP2_SESSION_H_

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "lb/http/client.h"

namespace lb::http {

// What a callback wants of nghttp2.
enum class Nghttp2Verdict {
  kGoOn,
  kResetStream,    // Ends the stream, with INTERNAL_ERROR.
  kEndConnection,  // nghttp2_session_mem_recv() returns an error.
};

// The next piece of a body that is sent.
struct BodyPiece {
  size_t size = 0;
  bool is_last = false;  // END_STREAM goes with it.
  bool is_late = false;  // Nothing is there yet: nghttp2_session_resume_data().
  bool has_trailers = false;  // They end the stream; with `is_last`.
};

class Nghttp2Observer {
 public:
  virtual ~Nghttp2Observer() = default;

  // The first nine bytes of any frame came. kResetStream is not possible.
  virtual Nghttp2Verdict OnFrameHeader(const nghttp2_frame_hd&) {
    return Nghttp2Verdict::kGoOn;
  }
  // A header block begins.
  virtual Nghttp2Verdict OnHeaders(const nghttp2_frame&) {
    return Nghttp2Verdict::kGoOn;
  }
  virtual Nghttp2Verdict OnHeader(const nghttp2_frame& frame,
                                  std::string_view name,
                                  std::string_view value) = 0;
  virtual void OnBody(int32_t stream, std::string_view bytes) = 0;
  // A whole frame came, but for CONTINUATION, which belongs to HEADERS.
  virtual void OnFrame(const nghttp2_frame& frame) = 0;
  virtual void OnStreamEnd(int32_t stream, uint32_t error_code) = 0;
  virtual void OnFrameSent(const nghttp2_frame&) {}
  virtual BodyPiece ReadBody(int32_t stream, absl::Span<uint8_t> into) = 0;
};

struct Nghttp2Free {
  void operator()(nghttp2_session* session) const {
    nghttp2_session_del(session);
  }
};
using Nghttp2Pointer = std::unique_ptr<nghttp2_session, Nghttp2Free>;

// Each belongs to the caller; `observer` must outlive it. A client's bodies
// free their window only by nghttp2_session_consume().
Nghttp2Pointer NewNghttp2Client(Nghttp2Observer* observer);
Nghttp2Pointer NewNghttp2Server(Nghttp2Observer* observer);

// The source of a stream's body: ReadBody() of the observer.
nghttp2_data_provider BodyOf(Nghttp2Observer* observer);

// Views: `headers` must outlive them. nghttp2 copies them when it gets them. A
// credential is kept out of HPACK's tables (RFC 7541, 7.1.3).
std::vector<nghttp2_nv> Views(absl::Span<const Header> headers);

// All bytes that the session has to send, behind `output`.
void AppendOutput(nghttp2_session* session, std::string* output);

}  // namespace lb::http

#endif  // LB_HTTP_NGHTTP2_SESSION_H_
