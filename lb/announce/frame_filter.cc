#include "lb/announce/frame_filter.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <utility>
#include <vector>

#include "lb/base/check.h"
#include "lb/net/ethernet.h"

namespace lb::announce {
namespace {

using io::FrameOpcode;
using io::FrameProgram;

// Offsets in the frame.
constexpr uint32_t kEtherType = 12;
constexpr uint32_t kTagVlan = 14;  // If kEtherType has a tag's identifier.
constexpr uint32_t kTaggedType = 16;
constexpr uint32_t kArpSender = net::kEthernetHeaderSize + 14;  // RFC 826
constexpr uint32_t kArpTarget = net::kEthernetHeaderSize + 24;
constexpr uint32_t kIpv6NextHeader = net::kEthernetHeaderSize + 6;  // RFC 8200
constexpr uint32_t kIpv6Source = net::kEthernetHeaderSize + 8;
constexpr uint32_t kNdpType = net::kEthernetHeaderSize + 40;  // RFC 4861
constexpr uint32_t kNdpTarget = kNdpType + 8;

constexpr uint32_t kNextHeaderIcmpv6 = 58;
constexpr uint32_t kTypeSolicitation = 135;
constexpr uint32_t kTypeAdvertisement = 136;
// Passes the frame, as much as there is.
constexpr uint32_t kWhole = 0x40000;
// A conditional jump skips 255 instructions at most; two may have to be put in
// between.
constexpr size_t kNear = 253;

struct KeyRange {
  uint32_t first = 0;
  uint32_t last = 0;
};

constexpr KeyRange kAllKeys = {0, std::numeric_limits<uint32_t>::max()};

uint32_t KeyOf(const net::IpAddress& address) {
  const absl::uint128 number = address.number();
  uint32_t key = 0;  // IPv4: the number itself.
  for (int shift = 0; shift < 128; shift += 32) {
    key += static_cast<uint32_t>(number >> shift);
  }
  return key;
}

// At most `ranges_max` ranges that hold all of `keys`, which are sorted and
// differ. The widest gaps between them stay open.
std::vector<KeyRange> Merge(const std::vector<uint32_t>& keys,
                            size_t ranges_max) {
  if (keys.empty()) return {};
  std::vector<uint32_t> gaps;
  for (size_t i = 1; i < keys.size(); ++i) {
    gaps.push_back(keys[i] - keys[i - 1]);
  }
  // Every gap wider than this one fits, and some as wide.
  uint32_t narrowest = 1;
  if (gaps.size() >= ranges_max) {
    const auto limit = gaps.begin() + static_cast<ptrdiff_t>(ranges_max - 1);
    std::nth_element(gaps.begin(), limit, gaps.end(), std::greater<>());
    narrowest = *limit;
  }
  size_t as_wide = ranges_max - 1 -
                   static_cast<size_t>(std::count_if(
                       gaps.begin(), gaps.end(),
                       [&](uint32_t gap) { return gap > narrowest; }));
  std::vector<KeyRange> ranges = {{keys[0], keys[0]}};
  for (const uint32_t key : keys) {
    const uint32_t gap = key - ranges.back().last;
    const bool is_tie = gap > 1 && gap == narrowest && as_wide > 0;
    if (gap > narrowest || is_tie) {
      ranges.push_back({key, key});
      as_wide -= is_tie ? 1 : 0;
    } else {
      ranges.back().last = key;
    }
  }
  return ranges;
}

// Writes a program from its end to its start: what jumps goes forward, so its
// targets are there already. A Label is how many instructions were written when
// its instruction was.
class ProgramWriter {
 public:
  using Label = size_t;

  Label Return(uint32_t size) {
    return Write({.opcode = FrameOpcode::kReturn, .operand = size});
  }

  Label Jump(FrameOpcode test, uint32_t operand, Label yes, Label no) {
    yes = Near(yes);
    no = Near(no);
    return Write({test, Skips(yes), Skips(no), operand});
  }

  // Goes on with what was written last.
  Label Do(FrameOpcode opcode, uint32_t operand = 0) {
    return Write({.opcode = opcode, .operand = operand});
  }

  FrameProgram Finish() && {
    std::reverse(written_.begin(), written_.end());
    return std::move(written_);
  }

 private:
  Label Write(const io::FrameInstruction& instruction) {
    written_.push_back(instruction);
    return written_.size();
  }

  uint8_t Skips(Label target) const {
    return static_cast<uint8_t>(written_.size() - target);
  }

  // `target`, or a jump to it that is near.
  Label Near(Label target) {
    if (written_.size() - target <= kNear) return target;
    Label& bridge = bridges_[target];
    if (bridge == 0 || written_.size() - bridge > kNear) {
      bridge = Do(FrameOpcode::kJump,
                  static_cast<uint32_t>(written_.size() - target));
    }
    return bridge;
  }

  FrameProgram written_;  // The last instruction first.
  std::map<Label, Label> bridges_;
};

// Where a test goes on.
struct Outcome {
  ProgramWriter::Label yes = 0;
  ProgramWriter::Label no = 0;
};

// Is A at least an odd number of `bounds`? Decides between bounds[first, last).
ProgramWriter::Label Search(const std::vector<uint32_t>& bounds, size_t first,
                            size_t last, const Outcome& outcome,
                            ProgramWriter& out) {
  if (first == last) return first % 2 == 1 ? outcome.yes : outcome.no;
  const size_t middle = first + (last - first) / 2;
  const auto above = Search(bounds, middle + 1, last, outcome, out);
  const auto below = Search(bounds, first, middle, outcome, out);
  return out.Jump(FrameOpcode::kJumpIfAtLeast, bounds[middle], above, below);
}

// Is A in one of `ranges`? They are not empty, so that the search's first
// instruction is the one written last.
void Search(const std::vector<KeyRange>& ranges, const Outcome& outcome,
            ProgramWriter& out) {
  std::vector<uint32_t> bounds;
  for (const KeyRange& range : ranges) {
    bounds.push_back(range.first);
    if (range.last != kAllKeys.last) bounds.push_back(range.last + 1);
  }
  Search(bounds, 0, bounds.size(), outcome, out);
}

// A = the key of the IPv6 address at `offset`.
ProgramWriter::Label LoadIpv6Key(uint32_t offset, ProgramWriter& out) {
  for (const uint32_t word : {3, 2, 1}) {
    out.Do(FrameOpcode::kAddIndex);
    out.Do(FrameOpcode::kLoadWord, offset + 4 * word);
    out.Do(FrameOpcode::kCopyToIndex);
  }
  return out.Do(FrameOpcode::kLoadWord, offset);
}

ProgramWriter::Label WriteArp(const std::vector<KeyRange>& ranges,
                              const Outcome& outcome, ProgramWriter& out) {
  if (ranges.empty()) return outcome.no;
  Search(ranges, outcome, out);
  const auto by_sender = out.Do(FrameOpcode::kLoadWord, kArpSender);
  Search(ranges, {outcome.yes, by_sender}, out);
  return out.Do(FrameOpcode::kLoadWord, kArpTarget);
}

ProgramWriter::Label WriteNdp(const std::vector<KeyRange>& ranges,
                              const Outcome& outcome, ProgramWriter& out) {
  constexpr auto kIfEqual = FrameOpcode::kJumpIfEqual;
  if (ranges.empty()) return outcome.no;
  Search(ranges, outcome, out);
  const auto by_source = LoadIpv6Key(kIpv6Source, out);
  Search(ranges, {outcome.yes, by_source}, out);
  const auto by_target = LoadIpv6Key(kNdpTarget, out);
  const auto unless_solicitation =
      out.Jump(kIfEqual, kTypeAdvertisement, by_target, outcome.no);
  out.Jump(kIfEqual, kTypeSolicitation, by_target, unless_solicitation);
  const auto by_type = out.Do(FrameOpcode::kLoadByte, kNdpType);
  out.Jump(kIfEqual, kNextHeaderIcmpv6, by_type, outcome.no);
  return out.Do(FrameOpcode::kLoadByte, kIpv6NextHeader);
}

// Linux takes the first tag out of the frame before a filter sees it, so this
// is for a second one, and for frames that come from no kernel. They are rare,
// and what they are about is left to the receiver.
ProgramWriter::Label WritePriorityTagged(const Outcome& outcome,
                                         ProgramWriter& out) {
  constexpr auto kIfEqual = FrameOpcode::kJumpIfEqual;
  auto accept = outcome.no;
  for (const uint32_t type : {net::kTagService, net::kTagCustomer,
                              net::kEtherTypeIpv6, net::kEtherTypeArp}) {
    accept = out.Jump(kIfEqual, type, outcome.yes, accept);
  }
  const auto by_type = out.Do(FrameOpcode::kLoadHalf, kTaggedType);
  out.Jump(kIfEqual, 0, by_type, outcome.no);
  out.Do(FrameOpcode::kAnd, net::kTagVlanMask);
  return out.Do(FrameOpcode::kLoadHalf, kTagVlan);
}

FrameProgram Assemble(const std::vector<KeyRange>& ipv4,
                      const std::vector<KeyRange>& ipv6) {
  constexpr auto kIfEqual = FrameOpcode::kJumpIfEqual;
  ProgramWriter out;
  Outcome outcome;
  outcome.no = out.Return(0);
  outcome.yes = out.Return(kWhole);
  const auto ndp = WriteNdp(ipv6, outcome, out);
  const auto arp = WriteArp(ipv4, outcome, out);
  const bool any = !ipv4.empty() || !ipv6.empty();
  const auto tagged = any ? WritePriorityTagged(outcome, out) : outcome.no;
  auto other = outcome.no;
  other = out.Jump(kIfEqual, net::kTagService, tagged, other);
  other = out.Jump(kIfEqual, net::kTagCustomer, tagged, other);
  other = out.Jump(kIfEqual, net::kEtherTypeIpv6, ndp, other);
  out.Jump(kIfEqual, net::kEtherTypeArp, arp, other);
  out.Do(FrameOpcode::kLoadHalf, kEtherType);
  FrameProgram program = std::move(out).Finish();
  LB_CHECK(program.size() <= io::kFrameProgramSizeMax);
  return program;
}

}  // namespace

FrameProgram FilterFor(const absl::btree_set<net::IpAddress>& watched,
                       size_t ranges_max) {
  LB_CHECK(1 <= ranges_max && ranges_max <= kFilterRangesMax);
  std::vector<uint32_t> ipv4;
  std::vector<uint32_t> ipv6;
  for (const net::IpAddress& address : watched) {
    (address.is_ipv4() ? ipv4 : ipv6).push_back(KeyOf(address));
  }
  std::sort(ipv6.begin(), ipv6.end());  // The others come in order.
  ipv6.erase(std::unique(ipv6.begin(), ipv6.end()), ipv6.end());
  return Assemble(Merge(ipv4, ranges_max), Merge(ipv6, ranges_max));
}

FrameProgram FilterForAll() { return Assemble({kAllKeys}, {kAllKeys}); }

absl::Status Watch(io::FramePort& port,
                   const absl::btree_set<net::IpAddress>& watched) {
  for (const size_t ranges_max : {kFilterRangesMax, kFilterRangesFew}) {
    const absl::Status status = port.SetFilter(FilterFor(watched, ranges_max));
    if (!absl::IsResourceExhausted(status)) return status;
  }
  return port.SetFilter(FilterForAll());
}

}  // namespace lb::announce
