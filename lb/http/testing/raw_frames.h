// Frames of HTTP/2 as a server's bytes (RFC 9113), also frames that no honest
// server sends. Nothing is checked.
#ifndef LB_HTTP_TESTING_RAW_FRAMES_H_
#define LB_HTTP_TESTING_RAW_FRAMES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lb::http {

enum class RawType : uint8_t {
  kData = 0,
  kHeaders = 1,
  kPriority = 2,
  kReset = 3,
  kSettings = 4,
  kPushPromise = 5,
  kPing = 6,
  kGoAway = 7,
  kWindowUpdate = 8,
  kContinuation = 9,
  kUnknown = 99,
};

inline constexpr uint8_t kRawAck = 0x1;
inline constexpr uint8_t kRawEndStream = 0x1;
inline constexpr uint8_t kRawEndHeaders = 0x4;

// Big-endian, in so many bytes.
inline std::string RawNumber(uint64_t number, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) {
    text += static_cast<char>(number >> (8 * i));
  }
  return text;
}

inline std::string RawFrame(RawType type, uint8_t flags, uint32_t stream,
                            std::string_view payload = "") {
  return RawNumber(payload.size(), 3) +
         RawNumber(static_cast<uint8_t>(type), 1) + RawNumber(flags, 1) +
         RawNumber(stream, 4) + std::string(payload);
}

inline std::string RawSettings() { return RawFrame(RawType::kSettings, 0, 0); }

// A header in the plainest form of HPACK (RFC 7541, 6.2.2), without a place in
// the table. Name and value have up to 126 bytes each.
inline std::string RawField(std::string_view name, std::string_view value) {
  std::string bytes(1, 0);
  for (const std::string_view text : {name, value}) {
    bytes += static_cast<char>(text.size());
    bytes += text;
  }
  return bytes;
}

// The head of a whole response, and what follows it.
inline std::string RawHead(uint32_t stream, std::string_view fields,
                           uint8_t flags = kRawEndHeaders) {
  return RawFrame(RawType::kHeaders, flags, stream, fields);
}

}  // namespace lb::http

#endif  // LB_HTTP_TESTING_RAW_FRAMES_H_
