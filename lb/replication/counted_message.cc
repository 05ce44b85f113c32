#include "lb/replication/counted_message.h"

#include <optional>

#include "fmt/format.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/coded_stream.h"
#include "lb/base/bytes.h"
#include "lb/base/status_macros.h"

namespace lb::replication {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::io::CodedInputStream;

// The last three bits of a tag are the wire type; the others are the field's
// number.
constexpr int kWireTypeBits = 3;
constexpr uint32_t kVarint = 0;
constexpr uint32_t kFixed64 = 1;
constexpr uint32_t kLengthDelimited = 2;
constexpr uint32_t kFixed32 = 5;

uint32_t TagOf(int number, uint32_t wire_type) {
  return static_cast<uint32_t>(number) << kWireTypeBits | wire_type;
}

absl::Status Malformed(const MessageFormat& format, std::string_view type) {
  return absl::InvalidArgumentError(
      fmt::format("{}: malformed, want a {}", format.what, type));
}

absl::Status Malformed(const MessageFormat& format) {
  return Malformed(format, format.type);
}

// False: the field is cut short, or has a wire type that proto3 does not have.
bool SkipField(uint32_t tag, CodedInputStream* in) {
  if (tag >> kWireTypeBits == 0) return false;
  uint32_t size = 0;
  uint64_t ignored = 0;
  switch (tag & ((1 << kWireTypeBits) - 1)) {
    case kVarint:
      return in->ReadVarint64(&ignored);
    case kFixed64:
      return in->ReadLittleEndian64(&ignored);
    case kLengthDelimited:
      return in->ReadVarint32(&size) && in->Skip(static_cast<int>(size));
    case kFixed32:
      return in->ReadLittleEndian32(&size);
    default:
      return false;
  }
}

// True if every field ends within its message. The parser judges tags and
// contents. The depth is bounded, because no type of ours nests itself.
bool AreLengthsTrue(std::string_view bytes, const Descriptor& type) {
  CodedInputStream in(AsBytes(bytes).data(), static_cast<int>(bytes.size()));
  while (const uint32_t tag = in.ReadTag()) {
    const auto number = static_cast<int>(tag >> kWireTypeBits);
    const FieldDescriptor* const field = type.FindFieldByNumber(number);
    const bool is_nested = tag == TagOf(number, kLengthDelimited) &&
                           field != nullptr && field->message_type() != nullptr;
    if (!is_nested) {
      if (!SkipField(tag, &in)) return false;
      continue;
    }
    uint32_t size = 0;
    if (!in.ReadVarint32(&size)) return false;
    const auto begin = static_cast<size_t>(in.CurrentPosition());
    if (size > bytes.size() - begin || !in.Skip(static_cast<int>(size)) ||
        !AreLengthsTrue(bytes.substr(begin, size), *field->message_type())) {
      return false;
    }
  }
  return in.ConsumedEntireMessage();
}

class Reading {
 public:
  Reading(std::string_view body, const MessageFormat& format, ItemReader read)
      : body_(body),
        format_(format),
        read_(read),
        in_(AsBytes(body).data(), static_cast<int>(body.size())),
        counts_(format.fields.size()) {}

  absl::Status ReadAll() {
    while (const uint32_t tag = in_.ReadTag()) {
      LB_RETURN_IF_ERROR(ReadField(tag));
    }
    if (!in_.ConsumedEntireMessage() || !said_) return Malformed(format_);
    if (counts_.front() != *said_) {
      return absl::InvalidArgumentError(fmt::format(
          "{}: {}, want {} as it says", format_.what, counts_.front(), *said_));
    }
    return absl::OkStatus();
  }

 private:
  absl::Status ReadField(uint32_t tag) {
    if (tag == TagOf(format_.count_field, kVarint)) {
      if (!in_.ReadVarint32(&said_.emplace())) return Malformed(format_);
      return absl::OkStatus();
    }
    for (size_t i = 0; i < format_.fields.size(); ++i) {
      if (tag == TagOf(format_.fields[i].number, kLengthDelimited)) {
        return ReadItem(format_.fields[i], &counts_[i]);
      }
    }
    return SkipField(tag, &in_) ? absl::OkStatus() : Malformed(format_);
  }

  absl::Status ReadItem(const ItemField& field, size_t* count) {
    if (*count == field.count_max) {
      return absl::InvalidArgumentError(
          fmt::format("{}: too many {}, want at most {}", format_.what,
                      field.items, field.count_max));
    }
    ++*count;
    uint32_t size = 0;
    if (!in_.ReadVarint32(&size)) return Malformed(format_);
    if (size < field.size_min || size > field.size_max) {
      return absl::InvalidArgumentError(fmt::format(
          "{}: malformed: {} of {} bytes, want {}{}", format_.what, field.item,
          size,
          field.size_min > 0 ? fmt::format("{}..", field.size_min) : "at most ",
          field.size_max));
    }
    const auto begin = static_cast<size_t>(in_.CurrentPosition());
    if (!in_.Skip(static_cast<int>(size))) return Malformed(format_);
    return read_(field.number, body_.substr(begin, size));
  }

  std::string_view body_;
  const MessageFormat& format_;
  ItemReader read_;
  CodedInputStream in_;
  std::vector<size_t> counts_;  // One for each field: its items so far.
  std::optional<uint32_t> said_;
};

}  // namespace

std::string MessageHead(const MessageFormat& format) {
  std::string head(format.magic);
  head.push_back(static_cast<char>(format.version));
  return head;
}

absl::Status ReadMessage(std::string_view message, const MessageFormat& format,
                         ItemReader read) {
  if (message.size() > format.size_max) {
    return absl::InvalidArgumentError(
        fmt::format("{}: message of {} bytes, want at most {}", format.what,
                    message.size(), format.size_max));
  }
  const size_t head_size = format.magic.size() + 1;
  if (message.size() < head_size || !message.starts_with(format.magic)) {
    return absl::InvalidArgumentError(
        fmt::format("{}: {} bytes without the magic {}, want it first",
                    format.what, message.size(), format.magic));
  }
  const auto version = static_cast<uint8_t>(message[format.magic.size()]);
  if (version != format.version) {
    return absl::InvalidArgumentError(
        fmt::format("{}: format version {}, want {}", format.what, version,
                    format.version));
  }
  return ReadMessageBody(message.substr(head_size), format, read);
}

absl::Status ReadMessageBody(std::string_view body, const MessageFormat& format,
                             ItemReader read) {
  if (body.size() > INT32_MAX) return Malformed(format);
  return Reading(body, format, read).ReadAll();
}

absl::Status ParseItem(std::string_view item, const MessageFormat& format,
                       google::protobuf::Message* out) {
  const Descriptor& type = *out->GetDescriptor();
  if (item.size() > INT32_MAX || !AreLengthsTrue(item, type) ||
      !out->ParseFromArray(item.data(), static_cast<int>(item.size()))) {
    return Malformed(format, type.name());
  }
  return absl::OkStatus();
}

}  // namespace lb::replication
