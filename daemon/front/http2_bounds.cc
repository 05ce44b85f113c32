#include "daemon/front/http2_bounds.h"

#include <algorithm>

namespace lb::front {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// RFC 9113, section 6.
enum FrameType : uint8_t {
  kData = 0,
  kHeaders = 1,
  kSettings = 4,
  kWindowUpdate = 8,
  kContinuation = 9,
};
constexpr uint8_t kAck = 0x1;
constexpr uint8_t kEndHeaders = 0x4;

uint32_t StreamOf(const std::array<uint8_t, 9>& header) {
  const uint32_t number = uint32_t{header[5]} << 24 |
                          uint32_t{header[6]} << 16 | uint32_t{header[7]} << 8 |
                          header[8];
  return number & 0x7fffffff;  // The first bit is reserved.
}

}  // namespace

bool Http2Bounds::has_preface() const {
  return preface_seen_ == kPreface.size();
}

Http2Bounds::Verdict Http2Bounds::Judge(absl::Span<const uint8_t> bytes,
                                        absl::Time now) {
  for (Bucket* const bucket : {&blocks_, &controls_, &frames_}) {
    bucket->Fill(now);
  }
  while (!bytes.empty() && !has_preface()) {
    if (bytes[0] != static_cast<uint8_t>(kPreface[preface_seen_])) {
      return Verdict::kNoPreface;
    }
    ++preface_seen_;
    bytes.remove_prefix(1);
  }
  while (!bytes.empty()) {
    const size_t skipped = std::min(payload_left_, bytes.size());
    payload_left_ -= skipped;
    bytes.remove_prefix(skipped);
    const size_t taken = std::min(header_.size() - header_seen_, bytes.size());
    std::copy_n(bytes.begin(), taken, header_.begin() + header_seen_);
    header_seen_ += taken;
    bytes.remove_prefix(taken);
    if (header_seen_ < header_.size()) continue;
    header_seen_ = 0;
    const Verdict verdict = BeginFrame();
    if (verdict != Verdict::kPass) return verdict;
  }
  return Verdict::kPass;
}

Http2Bounds::Verdict Http2Bounds::BeginFrame() {
  const size_t payload =
      size_t{header_[0]} << 16 | size_t{header_[1]} << 8 | header_[2];
  if (payload > kFrameBytesMax) return Verdict::kLongFrame;
  payload_left_ = payload;
  frames_.tokens -= 1;
  const size_t size = header_.size() + payload;
  const uint8_t type = header_[3];
  const uint8_t flags = header_[4];
  if (block_bytes_ > 0) {
    return type == kContinuation && StreamOf(header_) == block_stream_
               ? GrowBlock(size, flags)
               : Verdict::kSplitHeaderBlock;
  }
  switch (type) {
    case kContinuation:
      return Verdict::kSplitHeaderBlock;
    case kHeaders:
      return BeginHeaders(size, flags);
    case kData:
    case kWindowUpdate:
      return Verdict::kPass;
    case kSettings:
      acknowledged_ |= server_has_spoken_ && (flags & kAck) != 0;
      break;
    default:
      break;
  }
  controls_.tokens -= 1;
  return Verdict::kPass;
}

Http2Bounds::Verdict Http2Bounds::BeginHeaders(size_t size, uint8_t flags) {
  if (!acknowledged_ && ++early_blocks_ > kEarlyBlocksMax) {
    return Verdict::kEarlyCalls;
  }
  blocks_.tokens -= 1;
  block_stream_ = StreamOf(header_);
  return GrowBlock(size, flags);
}

Http2Bounds::Verdict Http2Bounds::GrowBlock(size_t size, uint8_t flags) {
  block_bytes_ += size;
  if (block_bytes_ > kHeaderBlockBytesMax) return Verdict::kLongHeaderBlock;
  if ((flags & kEndHeaders) != 0) block_bytes_ = 0;
  return Verdict::kPass;
}

absl::Duration Http2Bounds::Debt(absl::Time now) {
  return std::max({blocks_.Debt(now), controls_.Debt(now), frames_.Debt(now)});
}

void Http2Bounds::Bucket::Fill(absl::Time now) {
  if (now <= filled) return;
  tokens =
      std::min(most, tokens + per_second * absl::ToDoubleSeconds(now - filled));
  filled = now;
}

absl::Duration Http2Bounds::Bucket::Debt(absl::Time now) {
  Fill(now);
  return absl::Seconds(std::max(0.0, -tokens) / per_second);
}

std::string_view ToString(Http2Bounds::Verdict verdict) {
  switch (verdict) {
    case Http2Bounds::Verdict::kPass:
      return "nothing wrong";
    case Http2Bounds::Verdict::kNoPreface:
      return "no HTTP/2";
    case Http2Bounds::Verdict::kLongFrame:
      return "a frame above 16384 bytes";
    case Http2Bounds::Verdict::kLongHeaderBlock:
      return "a header block above 8192 bytes";
    case Http2Bounds::Verdict::kSplitHeaderBlock:
      return "a header block with another frame in it";
    case Http2Bounds::Verdict::kEarlyCalls:
      return "calls without an answer to SETTINGS";
  }
  return "";
}

}  // namespace lb::front
