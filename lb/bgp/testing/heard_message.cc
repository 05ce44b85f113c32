#include "lb/bgp/testing/heard_message.h"

#include <algorithm>

#include "fmt/format.h"

namespace lb::bgp {
namespace {

constexpr size_t kHeader = 19;

// Reads numbers off the front; what is missing is a fault, and zeros.
class Reader {
 public:
  Reader(absl::Span<const uint8_t> bytes, Faults* faults)
      : rest_(bytes), faults_(faults) {}

  uint32_t Number(size_t size) {
    uint32_t value = 0;
    for (const uint8_t byte : Bytes(size)) value = value << 8 | byte;
    return value;
  }
  absl::Span<const uint8_t> Bytes(size_t size) {
    if (size > rest_.size()) {
      faults_->push_back(
          fmt::format("{} bytes left, {} announced", rest_.size(), size));
      rest_ = {};
      return {};
    }
    const auto taken = rest_.first(size);
    rest_.remove_prefix(size);
    return taken;
  }
  bool empty() const { return rest_.empty(); }
  size_t size() const { return rest_.size(); }

 private:
  absl::Span<const uint8_t> rest_;
  Faults* faults_;
};

}  // namespace

std::optional<HeardBytes> TakeMessage(HeardBytes& stream, Faults& faults) {
  if (stream.size() < kHeader) return std::nullopt;
  const bool marked = std::all_of(stream.begin(), stream.begin() + 16,
                                  [](uint8_t byte) { return byte == 0xff; });
  const size_t size = static_cast<size_t>(stream[16]) << 8 | stream[17];
  const int type = stream[18];
  if (!marked || size < kHeader || size > 4096 || type < 1 || type > 5 ||
      (type == 4 && size != kHeader)) {
    faults.push_back(fmt::format("header: type {}, {} bytes", type, size));
    stream.clear();
    return std::nullopt;
  }
  if (stream.size() < size) return std::nullopt;
  const auto end = stream.begin() + static_cast<std::ptrdiff_t>(size);
  HeardBytes message(stream.begin(), end);
  stream.erase(stream.begin(), end);
  return message;
}

uint32_t HeardOpen::asn() const {
  const auto found = capabilities.find(65);
  if (found == capabilities.end()) return static_cast<uint32_t>(as_field);
  Faults ignored;
  return Reader(found->second, &ignored).Number(4);
}

bool HeardOpen::offers(net::IpFamily family) const {
  const HeardBytes value = {
      0, static_cast<uint8_t>(family == net::IpFamily::kIpv4 ? 1 : 2), 0, 1};
  const auto [first, last] = capabilities.equal_range(1);
  if (first == last) return family == net::IpFamily::kIpv4;
  return std::any_of(first, last,
                     [&](const auto& one) { return one.second == value; });
}

HeardOpen ReadOpen(const HeardBytes& message, Faults& faults) {
  HeardOpen open;
  Reader in(absl::MakeConstSpan(message).subspan(kHeader), &faults);
  open.version = static_cast<int>(in.Number(1));
  open.as_field = static_cast<int>(in.Number(2));
  open.hold_seconds = static_cast<int>(in.Number(2));
  open.identifier = in.Number(4);
  Reader parameters(in.Bytes(in.Number(1)), &faults);
  if (!in.empty()) faults.push_back("OPEN: bytes behind the parameters");
  while (!parameters.empty()) {
    open.has_parameters = true;
    if (parameters.Number(1) != 2) faults.push_back("OPEN: parameter type");
    Reader values(parameters.Bytes(parameters.Number(1)), &faults);
    while (!values.empty()) {
      const int code = static_cast<int>(values.Number(1));
      const auto value = values.Bytes(values.Number(1));
      open.capabilities.emplace(code, HeardBytes(value.begin(), value.end()));
    }
  }
  return open;
}

}  // namespace lb::bgp
