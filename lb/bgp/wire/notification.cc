#include "lb/bgp/wire/notification.h"

#include <algorithm>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "lb/base/bytes.h"
#include "lb/base/check.h"
#include "lb/bgp/wire/message.h"
#include "lb/net/address_text.h"
#include "lb/net/byte_reader.h"
#include "lb/net/byte_writer.h"

namespace lb::bgp::wire {
namespace {

constexpr size_t kDataMax = kMessageSizeMax - kHeaderSize - 2;
constexpr size_t kShownDataMax = 64;

template <typename Subcode>
Notification Make(ErrorCode code, Subcode subcode,
                  absl::Span<const uint8_t> data) {
  return {code, static_cast<uint8_t>(subcode), {data.begin(), data.end()}};
}

// True for the two that may carry a text.
bool HasText(const Notification& notification) {
  using enum CeaseSubcode;
  return notification.code == ErrorCode::kCease &&
         (notification.subcode ==
              static_cast<uint8_t>(kAdministrativeShutdown) ||
          notification.subcode == static_cast<uint8_t>(kAdministrativeReset));
}

bool IsHardReset(const Notification& notification) {
  return notification.code == ErrorCode::kCease &&
         notification.subcode == static_cast<uint8_t>(CeaseSubcode::kHardReset);
}

std::string_view CodeText(ErrorCode code) {
  switch (code) {
    case ErrorCode::kMessageHeader:
      return "message header";
    case ErrorCode::kOpenMessage:
      return "OPEN message";
    case ErrorCode::kUpdateMessage:
      return "UPDATE message";
    case ErrorCode::kHoldTimerExpired:
      return "hold timer expired";
    case ErrorCode::kStateMachine:
      return "state machine";
    case ErrorCode::kCease:
      return "cease";
    case ErrorCode::kRouteRefresh:
      return "ROUTE-REFRESH message";
    case ErrorCode::kSendHoldTimerExpired:
      return "send hold timer expired";
  }
  return "unknown code";
}

struct SubcodeText {
  ErrorCode code;
  uint8_t subcode;
  std::string_view text;
};

// IANA's registry of subcodes.
constexpr SubcodeText kSubcodeTexts[] = {
    {ErrorCode::kMessageHeader, 1, "connection not synchronized"},
    {ErrorCode::kMessageHeader, 2, "bad message length"},
    {ErrorCode::kMessageHeader, 3, "bad message type"},
    {ErrorCode::kOpenMessage, 1, "unsupported version"},
    {ErrorCode::kOpenMessage, 2, "bad peer AS"},
    {ErrorCode::kOpenMessage, 3, "bad BGP identifier"},
    {ErrorCode::kOpenMessage, 4, "unsupported optional parameter"},
    {ErrorCode::kOpenMessage, 5, "authentication failure (deprecated)"},
    {ErrorCode::kOpenMessage, 6, "unacceptable hold time"},
    {ErrorCode::kOpenMessage, 7, "unsupported capability"},
    {ErrorCode::kOpenMessage, 11, "role mismatch"},
    {ErrorCode::kUpdateMessage, 1, "malformed attribute list"},
    {ErrorCode::kUpdateMessage, 2, "unrecognized well-known attribute"},
    {ErrorCode::kUpdateMessage, 3, "missing well-known attribute"},
    {ErrorCode::kUpdateMessage, 4, "attribute flags"},
    {ErrorCode::kUpdateMessage, 5, "attribute length"},
    {ErrorCode::kUpdateMessage, 6, "invalid ORIGIN"},
    {ErrorCode::kUpdateMessage, 7, "AS routing loop (deprecated)"},
    {ErrorCode::kUpdateMessage, 8, "invalid NEXT_HOP"},
    {ErrorCode::kUpdateMessage, 9, "optional attribute"},
    {ErrorCode::kUpdateMessage, 10, "invalid network field"},
    {ErrorCode::kUpdateMessage, 11, "malformed AS_PATH"},
    {ErrorCode::kStateMachine, 1, "unexpected message in OpenSent"},
    {ErrorCode::kStateMachine, 2, "unexpected message in OpenConfirm"},
    {ErrorCode::kStateMachine, 3, "unexpected message in Established"},
    {ErrorCode::kCease, 1, "maximum number of prefixes reached"},
    {ErrorCode::kCease, 2, "administrative shutdown"},
    {ErrorCode::kCease, 3, "peer deconfigured"},
    {ErrorCode::kCease, 4, "administrative reset"},
    {ErrorCode::kCease, 5, "connection rejected"},
    {ErrorCode::kCease, 6, "other configuration change"},
    {ErrorCode::kCease, 7, "connection collision"},
    {ErrorCode::kCease, 8, "out of resources"},
    {ErrorCode::kCease, 9, "hard reset"},
    {ErrorCode::kCease, 10, "BFD down"},
    {ErrorCode::kRouteRefresh, 1, "invalid message length"},
};

// The words for code and subcode.
std::string Words(const Notification& notification) {
  std::string words(CodeText(notification.code));
  for (const SubcodeText& known : kSubcodeTexts) {
    if (known.code != notification.code) continue;
    if (known.subcode != notification.subcode) continue;
    return fmt::format("{}: {}", words, known.text);
  }
  if (notification.subcode != 0) words += ": unknown subcode";
  return words;
}

std::string DataText(absl::Span<const uint8_t> data) {
  const auto shown = data.first(std::min(data.size(), kShownDataMax));
  return fmt::format("{:02x}{}", fmt::join(shown, ""),
                     shown.size() < data.size() ? "..." : "");
}

// "6/2 cease: administrative shutdown", and no data.
std::string Head(const Notification& notification) {
  return fmt::format("{}/{} {}", static_cast<int>(notification.code),
                     notification.subcode, Words(notification));
}

}  // namespace

Notification Fault(HeaderSubcode subcode, absl::Span<const uint8_t> data) {
  return Make(ErrorCode::kMessageHeader, subcode, data);
}

Notification Fault(OpenSubcode subcode, absl::Span<const uint8_t> data) {
  return Make(ErrorCode::kOpenMessage, subcode, data);
}

Notification Fault(UpdateSubcode subcode, absl::Span<const uint8_t> data) {
  return Make(ErrorCode::kUpdateMessage, subcode, data);
}

Notification Fault(StateSubcode subcode, absl::Span<const uint8_t> data) {
  return Make(ErrorCode::kStateMachine, subcode, data);
}

Notification Fault(CeaseSubcode subcode, absl::Span<const uint8_t> data) {
  return Make(ErrorCode::kCease, subcode, data);
}

Notification Shutdown(CeaseSubcode subcode, std::string_view text) {
  size_t size = std::min(text.size(), kShutdownTextMax);
  // Not between the bytes of one character: those after its first are 10xxxxxx.
  while (size < text.size() && size > 0 && (text[size] & 0xc0) == 0x80) --size;
  net::ByteWriter data;
  data.Uint8(static_cast<uint8_t>(size));
  data.Bytes(AsBytes(text.substr(0, size)));
  const Notification notification = Fault(subcode, data.bytes());
  LB_CHECK(HasText(notification));
  return notification;
}

std::optional<std::string> ShutdownText(const Notification& notification) {
  if (!HasText(notification)) return std::nullopt;
  net::ByteReader in(notification.data);
  const absl::Span<const uint8_t> text = in.Take(in.Uint8());
  if (!in.ok() || !in.rest().empty() || text.empty()) return std::nullopt;
  return net::EscapedText(AsText(text));
}

std::string Text(const Notification& notification) {
  const std::string head = Head(notification);
  if (const auto text = ShutdownText(notification)) {
    return fmt::format("{}, \"{}\"", head, *text);
  }
  if (IsHardReset(notification) && notification.data.size() >= 2) {
    return fmt::format("{}, because of {}", head,
                       Head(ParseNotification(notification.data)));
  }
  if (notification.data.empty()) return head;
  return fmt::format("{}, data {}", head, DataText(notification.data));
}

std::vector<uint8_t> EncodeNotification(const Notification& notification) {
  net::ByteWriter body;
  body.Uint8(static_cast<uint8_t>(notification.code));
  body.Uint8(notification.subcode);
  const absl::Span<const uint8_t> data = notification.data;
  body.Bytes(data.first(std::min(data.size(), kDataMax)));
  return EncodeMessage(MessageType::kNotification, body.bytes());
}

Notification ParseNotification(absl::Span<const uint8_t> body) {
  net::ByteReader in(body);
  const auto code = static_cast<ErrorCode>(in.Uint8());
  const uint8_t subcode = in.Uint8();
  return {code, subcode, {in.rest().begin(), in.rest().end()}};
}

}  // namespace lb::bgp::wire
