#include "lb/gossip/wire/lzw.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "fmt/format.h"
#include "lb/base/check.h"
#include "lb/base/status_macros.h"

namespace lb::gossip::wire {
namespace {

constexpr uint32_t kClear = 256;
constexpr uint32_t kEnd = 257;
constexpr int kWidthMin = 9;
constexpr int kWidthMax = 12;
constexpr uint32_t kCodes = 1 << kWidthMax;
constexpr uint16_t kNone = 0xffff;

// Packs codes of growing width, least significant bit first.
class CodeWriter {
 public:
  void Write(uint32_t code) {
    bits_ |= uint64_t{code} << count_;
    for (count_ += width_; count_ >= 8; count_ -= 8, bits_ >>= 8) {
      bytes_.push_back(static_cast<uint8_t>(bits_));
    }
  }
  void Widen() { ++width_; }
  void Narrow() { width_ = kWidthMin; }
  std::vector<uint8_t> Finish() && {
    if (count_ > 0) bytes_.push_back(static_cast<uint8_t>(bits_));
    return std::move(bytes_);
  }

 private:
  std::vector<uint8_t> bytes_;
  uint64_t bits_ = 0;
  int count_ = 0;  // Of bits that wait.
  int width_ = kWidthMin;
};

class CodeReader {
 public:
  explicit CodeReader(absl::Span<const uint8_t> bytes) : rest_(bytes) {}

  // False: the bytes end within the code.
  bool Read(uint32_t* code) {
    for (; count_ < width_; count_ += 8) {
      if (rest_.empty()) return false;
      bits_ |= uint32_t{rest_.front()} << count_;
      rest_.remove_prefix(1);
    }
    *code = bits_ & ((1u << width_) - 1);
    bits_ >>= width_;
    count_ -= width_;
    return true;
  }
  int width() const { return width_; }
  void Widen() { ++width_; }
  void Narrow() { width_ = kWidthMin; }

 private:
  absl::Span<const uint8_t> rest_;
  uint32_t bits_ = 0;
  int count_ = 0;
  int width_ = kWidthMin;
};

// The compressor's strings as a tree: a code's children are one byte longer.
// A new code's entries are written before they are read, so clearing touches
// only the literals.
class StringTree {
 public:
  StringTree() { Clear(); }
  void Clear() { std::fill_n(first_child_.begin(), 256, kNone); }

  // The code of `code`'s string and `byte`, or kNone.
  uint16_t Child(uint32_t code, uint8_t byte) const {
    uint16_t child = first_child_[code];
    while (child != kNone && byte_[child] != byte) child = sibling_[child];
    return child;
  }
  void Add(uint32_t code, uint8_t byte, uint16_t child) {
    byte_[child] = byte;
    sibling_[child] = first_child_[code];
    first_child_[code] = child;
    first_child_[child] = kNone;
  }

 private:
  std::array<uint16_t, kCodes> first_child_;
  std::array<uint16_t, kCodes> sibling_;
  std::array<uint8_t, kCodes> byte_;
};

class Compressor {
 public:
  std::vector<uint8_t> Run(absl::Span<const uint8_t> plain) && {
    out_.Write(kClear);
    if (!plain.empty()) {
      uint32_t code = plain.front();
      for (const uint8_t byte : plain.subspan(1)) {
        const uint16_t longer = tree_.Child(code, byte);
        if (longer != kNone) {
          code = longer;
          continue;
        }
        out_.Write(code);
        if (CountCode()) tree_.Add(code, byte, static_cast<uint16_t>(highest_));
        code = byte;
      }
      out_.Write(code);
      CountCode();
    }
    out_.Write(kEnd);
    return std::move(out_).Finish();
  }

 private:
  // False: the codes were used up and the table is cleared.
  bool CountCode() {
    ++highest_;
    if (highest_ == kCodes - 1) {
      out_.Write(kClear);
      out_.Narrow();
      tree_.Clear();
      highest_ = kEnd;
      widen_at_ = 1 << kWidthMin;
      return false;
    }
    if (highest_ == widen_at_) {
      out_.Widen();
      widen_at_ *= 2;
    }
    return true;
  }

  CodeWriter out_;
  StringTree tree_;
  uint32_t highest_ = kEnd;
  uint32_t widen_at_ = 1 << kWidthMin;
};

}  // namespace

std::vector<uint8_t> LzwCompress(absl::Span<const uint8_t> plain) {
  return Compressor().Run(plain);
}

class LzwInflater::Decompressor {
 public:
  Decompressor(absl::Span<const uint8_t> compressed, size_t size_max)
      : in_(compressed), size_max_(size_max) {}

  absl::StatusOr<bool> Step(size_t slice) {
    const size_t enough = out_.size() + slice;
    for (uint32_t code = 0; in_.Read(&code);) {
      if (code == kEnd) return true;
      if (code == kClear) {
        in_.Narrow();
        highest_ = kEnd;
        last_ = kNone;
        continue;
      }
      if (code > highest_) {
        return absl::InvalidArgumentError(
            fmt::format("lzw: code {}, want at most {}", code, highest_));
      }
      if (!Emit(code)) {
        return absl::ResourceExhaustedError(
            fmt::format("lzw: want at most {} bytes", size_max_));
      }
      CountCode(code);
      if (out_.size() >= enough) return false;
    }
    return absl::InvalidArgumentError("lzw: no end code");
  }
  std::vector<uint8_t>& out() { return out_; }

 private:
  // Appends the code's string and learns a new one: the last string and the
  // first byte of this one. A code that is only now learned stands for the last
  // string and its own first byte. False: the output is full.
  bool Emit(uint32_t code) {
    size_t start = string_.size();
    uint32_t prefix = code;
    const bool unknown = code == highest_ && last_ != kNone;
    if (unknown) {
      --start;  // Filled in below, once the first byte is known.
      prefix = last_;
    }
    for (; prefix >= kClear; prefix = prefix_[prefix]) {
      string_[--start] = suffix_[prefix];
    }
    const uint8_t first = static_cast<uint8_t>(prefix);
    string_[--start] = first;
    if (unknown) string_.back() = first;
    if (last_ != kNone) {
      suffix_[highest_] = first;
      prefix_[highest_] = last_;
    }
    if (string_.size() - start > size_max_ - out_.size()) return false;
    out_.insert(out_.end(), string_.begin() + start, string_.end());
    return true;
  }

  void CountCode(uint32_t code) {
    last_ = static_cast<uint16_t>(code);
    ++highest_;
    if (highest_ < 1u << in_.width()) return;
    if (in_.width() < kWidthMax) return in_.Widen();
    // Full, and no clear code came: nothing is learned from here on.
    last_ = kNone;
    --highest_;
  }

  CodeReader in_;
  size_t size_max_;
  std::vector<uint8_t> out_;
  std::array<uint16_t, kCodes> prefix_;
  std::array<uint8_t, kCodes> suffix_;
  std::array<uint8_t, kCodes> string_;  // Filled from its end.
  uint32_t highest_ = kEnd;             // Learned next, or the last one.
  uint16_t last_ = kNone;               // None: nothing to learn from.
};

LzwInflater::LzwInflater(absl::Span<const uint8_t> compressed, size_t size_max)
    : decompressor_(std::make_unique<Decompressor>(compressed, size_max)) {}
LzwInflater::LzwInflater(LzwInflater&&) noexcept = default;
LzwInflater& LzwInflater::operator=(LzwInflater&&) noexcept = default;
LzwInflater::~LzwInflater() = default;

absl::StatusOr<bool> LzwInflater::Step(size_t slice) {
  return decompressor_->Step(slice);
}

size_t LzwInflater::size() const { return decompressor_->out().size(); }

std::vector<uint8_t> LzwInflater::Take() {
  return std::move(decompressor_->out());
}

absl::StatusOr<std::vector<uint8_t>> LzwDecompress(
    absl::Span<const uint8_t> compressed, size_t size_max) {
  LzwInflater inflater(compressed, size_max);
  // One byte more than there may be: it ends in one step.
  LB_ASSIGN_OR_RETURN(const bool is_whole, inflater.Step(size_max + 1));
  LB_CHECK(is_whole);
  return inflater.Take();
}

}  // namespace lb::gossip::wire
