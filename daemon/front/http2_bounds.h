// Http2Bounds: bounds the cost of a caller's bytes for an HTTP/2 server (RFC
// 9113).
//
// gRPC (1.51) keeps a header block of any size and spends time on it that grows
// with its square (CVE-2023-33953), takes calls that are cancelled at once as
// fast as they come (CVE-2023-44487), and enforces its own bounds only after
// the caller has acknowledged its SETTINGS. So this class looks at the bytes
// before gRPC gets them. It reads frame headers only and decodes nothing.
//
//   Http2Bounds bounds;
//   if (bounds.Judge(bytes, now) != Http2Bounds::Verdict::kPass) Close();
//   ... hands the bytes on, and takes more after bounds.Debt(now) ...
//
// Plain state of some 200 bytes; no clock. Time per call: linear in the bytes.
#ifndef LB_DAEMON_FRONT_HTTP2_BOUNDS_H_
#define LB_DAEMON_FRONT_HTTP2_BOUNDS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/time/time.h"
#include "absl/types/span.h"

namespace lb::front {

class Http2Bounds {
 public:
  // The smallest limit that a server may announce (RFC 9113, 4.2). Ours
  // announces it.
  static constexpr size_t kFrameBytesMax = 16384;
  // For HEADERS with all its CONTINUATIONs, and 9 bytes of header for each of
  // these frames. gRPC's own limit of headers, 8 KB with 32 more for each
  // field, is below it.
  static constexpr size_t kHeaderBlockBytesMax = 8 << 10;
  // Header blocks that a caller may send before it acknowledges the server's
  // SETTINGS.
  static constexpr int kEarlyBlocksMax = 4;
  // Faster callers have to wait. This limits header blocks, and frames that
  // make a server work or answer without a call. The next limit counts all
  // frames.
  static constexpr double kBlocksPerSecond = 1000;
  static constexpr double kBlocksAtOnce = 200;
  static constexpr double kControlsPerSecond = 1000;
  static constexpr double kControlsAtOnce = 200;
  static constexpr double kFramesPerSecond = 20'000;
  static constexpr double kFramesAtOnce = 4000;

  enum class Verdict {
    kPass,
    kNoPreface,         // It does not begin as HTTP/2 does.
    kLongFrame,         // Above kFrameBytesMax.
    kLongHeaderBlock,   // Above kHeaderBlockBytesMax.
    kSplitHeaderBlock,  // Another frame in it, or CONTINUATION outside (6.10).
    kEarlyCalls,        // More than kEarlyBlocksMax.
  };

  // Judges the next bytes, which may end anywhere. After any verdict but kPass
  // the connection has to end, and no more bytes are judged.
  Verdict Judge(absl::Span<const uint8_t> bytes, absl::Time now);

  // Call it when the server sends its first bytes, with its SETTINGS: only
  // after that can the caller acknowledge them.
  void OnServerBytes() { server_has_spoken_ = true; }

  // True if the caller began as HTTP/2 does.
  bool has_preface() const;

  // How long the caller has to wait because of what it sent; zero: it need not.
  absl::Duration Debt(absl::Time now);

 private:
  // Tokens come with time. A caller that takes more owes them.
  struct Bucket {
    double per_second;
    double most;
    double tokens = most;
    absl::Time filled = absl::InfinitePast();

    void Fill(absl::Time now);
    absl::Duration Debt(absl::Time now);
  };

  Verdict BeginFrame();
  Verdict BeginHeaders(size_t size, uint8_t flags);
  Verdict GrowBlock(size_t size, uint8_t flags);

  size_t preface_seen_ = 0;
  std::array<uint8_t, 9> header_ = {};  // The frame that begins.
  size_t header_seen_ = 0;
  size_t payload_left_ = 0;  // In the frame under way.
  size_t block_bytes_ = 0;   // In the header block under way; 0: none.
  uint32_t block_stream_ = 0;
  bool server_has_spoken_ = false;
  bool acknowledged_ = false;
  int early_blocks_ = 0;
  Bucket blocks_{kBlocksPerSecond, kBlocksAtOnce};
  Bucket controls_{kControlsPerSecond, kControlsAtOnce};
  Bucket frames_{kFramesPerSecond, kFramesAtOnce};
};

// For the log: "a header block above 8192 bytes", ...
std::string_view ToString(Http2Bounds::Verdict verdict);

}  // namespace lb::front

#endif  // LB_DAEMON_FRONT_HTTP2_BOUNDS_H_
