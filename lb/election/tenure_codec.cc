#include "lb/election/tenure_codec.h"

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "fmt/format.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"
#include "lb/base/bytes.h"
#include "lb/base/status_macros.h"
#include "lb/election/tenure.pb.h"

namespace lb::election {
namespace {

namespace proto = tenure::v1;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

constexpr std::string_view kMagic = "LBTN";
constexpr char kFormatVersion = 1;
constexpr size_t kHeadSize = 5;  // Magic and version.
// What tenure_count may take, and what a node's or a tenure's tag and length
// add to their own size.
constexpr size_t kCountSizeMax = 6;
constexpr size_t kItemHeadSizeMax = 3;
// A tenure takes under 60 bytes; the rest is for later fields.
constexpr size_t kTenureSizeMax = 1 << 10;
constexpr uint32_t kCountTag =
    WireFormatLite::MakeTag(proto::TenureMessage::kTenureCountFieldNumber,
                            WireFormatLite::WIRETYPE_VARINT);
constexpr uint32_t kNodeTag =
    WireFormatLite::MakeTag(proto::TenureMessage::kNodesFieldNumber,
                            WireFormatLite::WIRETYPE_LENGTH_DELIMITED);
constexpr uint32_t kTenureTag =
    WireFormatLite::MakeTag(proto::TenureMessage::kTenuresFieldNumber,
                            WireFormatLite::WIRETYPE_LENGTH_DELIMITED);

absl::Status Malformed() {
  return absl::InvalidArgumentError("tenures: malformed, want a TenureMessage");
}

absl::Status TooMany(std::string_view what) {
  return absl::InvalidArgumentError(
      fmt::format("tenures: too many {}, want at most {}", what, kTenuresMax));
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
    std::string bytes(kMagic);
    bytes.push_back(kFormatVersion);
    message_.AppendToString(&bytes);  // In field order; it has no maps.
    return bytes;
  }

 private:
  proto::TenureMessage message_;
  std::map<std::string, uint32_t> numbers_ = {{"", 0}};  // Of nodes.
  size_t size_ = kHeadSize + kCountSizeMax;              // At most.
};

// Reads a TenureMessage item by item: parsed whole, a hostile one would take
// many times its size in memory before anything could be counted.
class Reading {
 public:
  explicit Reading(std::string_view bytes)
      : in_(AsBytes(bytes).data(), static_cast<int>(bytes.size())) {}

  absl::StatusOr<std::vector<Tenure>> ReadAll() {
    while (const uint32_t tag = in_.ReadTag()) {
      if (tag == kCountTag) {
        if (!in_.ReadVarint32(&said_.emplace())) return Malformed();
      } else if (tag == kNodeTag) {
        LB_RETURN_IF_ERROR(ReadNode());
      } else if (tag == kTenureTag) {
        LB_RETURN_IF_ERROR(ReadTenure());
      } else if (!WireFormatLite::SkipField(&in_, tag)) {
        return Malformed();
      }
    }
    if (!in_.ConsumedEntireMessage() || !said_) return Malformed();
    if (tenures_.size() != *said_) {
      return absl::InvalidArgumentError(fmt::format(
          "tenures: {}, want {} as it says", tenures_.size(), *said_));
    }
    return std::move(tenures_);
  }

 private:
  absl::Status ReadNode() {
    if (nodes_.size() == kTenuresMax) return TooMany("nodes");
    uint32_t size = 0;
    if (!in_.ReadVarint32(&size)) return Malformed();
    if (size == 0 || size > kNodeNameSizeMax) {
      return absl::InvalidArgumentError(
          fmt::format("tenures: node name of {} bytes, want 1..{}", size,
                      kNodeNameSizeMax));
    }
    if (!in_.ReadString(&nodes_.emplace_back(), static_cast<int>(size))) {
      return Malformed();
    }
    return absl::OkStatus();
  }

  absl::Status ReadTenure() {
    if (tenures_.size() == kTenuresMax) return TooMany("tenures");
    uint32_t size = 0;
    std::string bytes;
    proto::Tenure in;
    if (!in_.ReadVarint32(&size) || size > kTenureSizeMax ||
        !in_.ReadString(&bytes, static_cast<int>(size)) ||
        !in.ParseFromString(bytes)) {
      return Malformed();
    }
    LB_ASSIGN_OR_RETURN(Tenure tenure, FromProto(in));
    LB_RETURN_IF_ERROR(Validate(tenure));
    tenures_.push_back(std::move(tenure));
    return absl::OkStatus();
  }

  absl::StatusOr<Tenure> FromProto(const proto::Tenure& in) const {
    LB_ASSIGN_OR_RETURN(const net::IpAddress address,
                        net::IpAddress::FromBytes(AsBytes(in.address())));
    if (in.node() > nodes_.size()) {
      return absl::InvalidArgumentError(
          fmt::format("tenure of {}: node {}, want at most {}",
                      address.ToString(), in.node(), nodes_.size()));
    }
    return Tenure{.address = address,
                  .node = in.node() == 0 ? "" : nodes_[in.node() - 1],
                  .term = in.term(),
                  .since = absl::FromUnixSeconds(in.since())};
  }

  CodedInputStream in_;
  std::optional<uint32_t> said_;
  std::vector<std::string> nodes_;
  std::vector<Tenure> tenures_;
};

}  // namespace

bool IsTenureMessage(std::string_view bytes) {
  return bytes.starts_with(kMagic);
}

std::string SerializeTenures(absl::Span<const Tenure> tenures) {
  Draft draft;
  for (const Tenure& tenure : tenures) {
    draft.Add(tenure, std::numeric_limits<size_t>::max());
  }
  return draft.Serialize();
}

absl::StatusOr<std::vector<Tenure>> ParseTenures(std::string_view bytes) {
  if (bytes.size() > kTenureMessageSizeMax) {
    return absl::InvalidArgumentError(
        fmt::format("tenures: message of {} bytes, want at most {}",
                    bytes.size(), kTenureMessageSizeMax));
  }
  if (bytes.size() < kHeadSize || !IsTenureMessage(bytes)) {
    return absl::InvalidArgumentError(
        fmt::format("tenures: {} bytes without the magic {}, want it first",
                    bytes.size(), kMagic));
  }
  if (bytes[kMagic.size()] != kFormatVersion) {
    return absl::InvalidArgumentError(fmt::format(
        "tenures: format version {}, want {}",
        static_cast<uint8_t>(bytes[kMagic.size()]), int{kFormatVersion}));
  }
  return Reading(bytes.substr(kHeadSize)).ReadAll();
}

TenureMessages SplitTenures(absl::Span<const Tenure> tenures, size_t size_max) {
  TenureMessages split;
  Draft draft;
  const auto finish = [&] {
    if (!draft.is_empty()) split.messages.push_back(draft.Serialize());
    draft = Draft();
  };
  for (const Tenure& tenure : tenures) {
    if (draft.Add(tenure, size_max)) continue;
    finish();
    if (!draft.Add(tenure, size_max)) ++split.left_out;
  }
  finish();
  return split;
}

}  // namespace lb::election
