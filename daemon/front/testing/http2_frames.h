// Frames of HTTP/2 as a caller's bytes (RFC 9113), also frames that only an
// attacker sends. Nothing is checked.
#ifndef LB_DAEMON_FRONT_TESTING_HTTP2_FRAMES_H_
#define LB_DAEMON_FRONT_TESTING_HTTP2_FRAMES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lb::front {

inline const std::string kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// Types, and two flags.
inline constexpr uint8_t kData = 0;
inline constexpr uint8_t kHeaders = 1;
inline constexpr uint8_t kPriority = 2;
inline constexpr uint8_t kReset = 3;
inline constexpr uint8_t kSettings = 4;
inline constexpr uint8_t kPing = 6;
inline constexpr uint8_t kWindowUpdate = 8;
inline constexpr uint8_t kContinuation = 9;
inline constexpr uint8_t kAck = 0x1;
inline constexpr uint8_t kEndStream = 0x1;
inline constexpr uint8_t kEndHeaders = 0x4;

// The nine bytes at the front of a frame with this many bytes of payload.
inline std::string FrameHeader(size_t payload, uint8_t type, uint8_t flags,
                               uint32_t stream) {
  std::string bytes;
  for (const int shift : {16, 8, 0}) {
    bytes += static_cast<char>(payload >> shift);
  }
  bytes += static_cast<char>(type);
  bytes += static_cast<char>(flags);
  for (const int shift : {24, 16, 8, 0}) {
    bytes += static_cast<char>(stream >> shift);
  }
  return bytes;
}

inline std::string Frame(uint8_t type, uint8_t flags = 0, uint32_t stream = 0,
                         std::string_view payload = "") {
  return FrameHeader(payload.size(), type, flags, stream) +
         std::string(payload);
}

// A header in the plainest form of HPACK (RFC 7541, 6.2.2). Name and value have
// up to 126 bytes each.
inline std::string Field(std::string_view name, std::string_view value) {
  std::string bytes(1, 0);
  for (const std::string_view text : {name, value}) {
    bytes += static_cast<char>(text.size());
    bytes += text;
  }
  return bytes;
}

// A call of "/package.Service/Method" with an empty message.
inline std::string Call(uint32_t stream, std::string_view path) {
  return Frame(kHeaders, kEndHeaders, stream,
               Field(":method", "POST") + Field(":scheme", "http") +
                   Field(":path", path) + Field(":authority", "localhost") +
                   Field("content-type", "application/grpc") +
                   Field("te", "trailers")) +
         Frame(kData, kEndStream, stream, std::string(5, 0));
}

}  // namespace lb::front

#endif  // LB_DAEMON_FRONT_TESTING_HTTP2_FRAMES_H_
