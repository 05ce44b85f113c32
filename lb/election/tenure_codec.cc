#include "lb/election/tenure_codec.h"

#include <cstdint>
#include <limits>
#include <map>
#include <utility>

#include "fmt/format.h"
#include "lb/base/bytes.h"
#include "lb/base/status_macros.h"
#include "lb/election/tenure.pb.h"
#include "lb/replication/counted_message.h"

namespace lb::election {
namespace {

namespace proto = tenure::v1;

constexpr size_t kHeadSize = 5;  // Magic and version.
// What tenure_count may take, and what a node's or a tenure's tag and length
// add to their own size.
constexpr size_t kCountSizeMax = 6;
constexpr size_t kItemHeadSizeMax = 3;

const replication::MessageFormat& Format() {
  static const replication::MessageFormat& format =
      *new replication::MessageFormat{
          .magic = "LBTN",
          .version = 1,
          .what = "tenures",
          .type = "TenureMessage",
          .size_max = kTenureMessageSizeMax,
          .count_field = proto::TenureMessage::kTenureCountFieldNumber,
          // A tenure takes under 60 bytes; the rest is for later fields.
          .fields = {{.number = proto::TenureMessage::kTenuresFieldNumber,
                      .item = "tenure",
                      .items = "tenures",
                      .count_max = kTenuresMax,
                      .size_max = 1 << 10},
                     {.number = proto::TenureMessage::kNodesFieldNumber,
                      .item = "node name",
                      .items = "nodes",
                      .count_max = kTenuresMax,
                      .size_min = 1,
                      .size_max = kNodeNameSizeMax}}};
  return format;
}

proto::Tenure ToProto(const Tenure& tenure, uint32_t node) {
  proto::Tenure out;
  const std::vector<uint8_t> address = tenure.address.ToBytes();
  out.set_address(address.data(), address.size());
  out.set_node(node);
  out.set_term(tenure.term);
  out.set_since(absl::ToUnixSeconds(tenure.since));
  return out;
}

// A message in the making.
class Draft {
 public:
  // False: the message would be larger than `size_max`; nothing was added.
  bool Add(const Tenure& tenure, size_t size_max) {
    const auto known = numbers_.find(tenure.node);
    const bool is_new = known == numbers_.end();
    const uint32_t number =
        is_new ? static_cast<uint32_t>(numbers_.size()) : known->second;
    proto::Tenure encoded = ToProto(tenure, number);
    size_t size = size_ + encoded.ByteSizeLong() + kItemHeadSizeMax;
    if (is_new) size += tenure.node.size() + kItemHeadSizeMax;
    if (size > size_max) return false;
    if (is_new) {
      numbers_.emplace(tenure.node, number);
      message_.add_nodes(tenure.node);
    }
    *message_.add_tenures() = std::move(encoded);
    size_ = size;
    return true;
  }

  bool is_empty() const { return message_.tenures().empty(); }

  std::string Serialize() {
    message_.set_tenure_count(static_cast<uint32_t>(message_.tenures_size()));
    std::string bytes = replication::MessageHead(Format());
    message_.AppendToString(&bytes);  // In field order; it has no maps.
    return bytes;
  }

 private:
  proto::TenureMessage message_;
  std::map<std::string, uint32_t> numbers_ = {{"", 0}};  // Of nodes.
  size_t size_ = kHeadSize + kCountSizeMax;              // At most.
};

absl::StatusOr<Tenure> FromProto(const proto::Tenure& in,
                                 absl::Span<const std::string> nodes) {
  LB_ASSIGN_OR_RETURN(const net::IpAddress address,
                      net::IpAddress::FromBytes(AsBytes(in.address())));
  if (in.node() > nodes.size()) {
    return absl::InvalidArgumentError(
        fmt::format("tenure of {}: node {}, want at most {}",
                    address.ToString(), in.node(), nodes.size()));
  }
  Tenure tenure = {.address = address,
                   .node = in.node() == 0 ? "" : nodes[in.node() - 1],
                   .term = in.term(),
                   .since = absl::FromUnixSeconds(in.since())};
  LB_RETURN_IF_ERROR(Validate(tenure));
  return tenure;
}

}  // namespace

bool IsTenureMessage(std::string_view bytes) {
  return bytes.starts_with(Format().magic);
}

std::string SerializeTenures(absl::Span<const Tenure> tenures) {
  Draft draft;
  for (const Tenure& tenure : tenures) {
    draft.Add(tenure, std::numeric_limits<size_t>::max());
  }
  return draft.Serialize();
}

absl::StatusOr<std::vector<Tenure>> ParseTenures(std::string_view bytes) {
  std::vector<std::string> nodes;
  std::vector<Tenure> tenures;
  const auto read = [&](int field, std::string_view item) -> absl::Status {
    if (field == proto::TenureMessage::kNodesFieldNumber) {
      nodes.emplace_back(item);
      return absl::OkStatus();
    }
    proto::Tenure in;
    LB_RETURN_IF_ERROR(replication::ParseItem(item, Format(), &in));
    LB_ASSIGN_OR_RETURN(Tenure tenure, FromProto(in, nodes));
    tenures.push_back(std::move(tenure));
    return absl::OkStatus();
  };
  LB_RETURN_IF_ERROR(replication::ReadMessage(bytes, Format(), read));
  return tenures;
}

TenureMessages SplitTenures(absl::Span<const Tenure> tenures, size_t size_max) {
  return replication::SplitIntoMessages<Draft>(tenures, size_max);
}

}  // namespace lb::election
