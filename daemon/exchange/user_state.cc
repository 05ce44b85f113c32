#include "daemon/exchange/user_state.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

#include "lb/base/bytes.h"
#include "lb/net/byte_reader.h"
#include "lb/net/byte_writer.h"

namespace lb {
namespace {

constexpr uint8_t kHeader[] = {'l', 'b', 's', 1};

}  // namespace

gossip::wire::Bytes PackUserState(absl::Span<const std::string> messages) {
  net::ByteWriter out;
  out.Bytes(kHeader);
  for (const std::string& message : messages) {
    out.Uint32(static_cast<uint32_t>(message.size()));
    out.Bytes(AsBytes(message));
  }
  return std::move(out).Finish();
}

std::optional<std::vector<std::string>> UnpackUserState(
    absl::Span<const uint8_t> state) {
  net::ByteReader in(state);
  const auto header = in.Take(sizeof(kHeader));
  if (!std::equal(header.begin(), header.end(), std::begin(kHeader),
                  std::end(kHeader))) {
    return std::nullopt;
  }
  std::vector<std::string> messages;
  while (!in.rest().empty()) {
    const auto message = in.Take(in.Uint32());
    if (!in.ok()) return std::nullopt;
    messages.emplace_back(message.begin(), message.end());
  }
  return messages;
}

}  // namespace lb
