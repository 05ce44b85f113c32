// Notification: the last message of a BGP session, which says why it ends.
//
// RFC 4271 section 4.5 and 6, with the subcodes of 4486, 6608, 7313, 8538,
// 9003, 9234, 9384 and 9687. Pure: any thread.
//
//   const Notification bye =
//       Shutdown(CeaseSubcode::kAdministrativeShutdown, "maintenance");
//   Text(bye);
//   // 6/2 cease: administrative shutdown, "maintenance"
#ifndef LB_BGP_WIRE_NOTIFICATION_H_
#define LB_BGP_WIRE_NOTIFICATION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/types/span.h"

namespace lb::bgp::wire {

enum class ErrorCode : uint8_t {
  kMessageHeader = 1,
  kOpenMessage = 2,
  kUpdateMessage = 3,
  kHoldTimerExpired = 4,
  kStateMachine = 5,
  kCease = 6,
  kRouteRefresh = 7,
  kSendHoldTimerExpired = 8,  // RFC 9687
};

enum class HeaderSubcode : uint8_t {
  kNotSynchronized = 1,
  kBadLength = 2,  // data: the length
  kBadType = 3,    // data: the type
};

enum class OpenSubcode : uint8_t {
  kUnspecific = 0,
  kUnsupportedVersion = 1,  // data: 4, in 16 bits
  kBadPeerAs = 2,
  kBadIdentifier = 3,
  kUnsupportedParameter = 4,
  kUnacceptableHoldTime = 6,
  kUnsupportedCapability = 7,  // data: the capabilities that are wanted
  kRoleMismatch = 11,          // RFC 9234
};

enum class UpdateSubcode : uint8_t {
  kMalformedAttributeList = 1,
  kUnrecognizedWellKnown = 2,
  kMissingWellKnown = 3,
  kAttributeFlags = 4,
  kAttributeLength = 5,
  kInvalidOrigin = 6,
  kInvalidNextHop = 8,
  kOptionalAttribute = 9,
  kInvalidNetworkField = 10,
  kMalformedAsPath = 11,
};

// RFC 6608: the state in which an unexpected message came.
enum class StateSubcode : uint8_t {
  kUnspecified = 0,
  kOpenSent = 1,
  kOpenConfirm = 2,
  kEstablished = 3,
};

// RFC 4486, 8538 and 9384.
enum class CeaseSubcode : uint8_t {
  kMaximumPrefixes = 1,
  kAdministrativeShutdown = 2,
  kPeerDeconfigured = 3,
  kAdministrativeReset = 4,
  kConnectionRejected = 5,
  kOtherConfigurationChange = 6,
  kCollision = 7,
  kOutOfResources = 8,
  kHardReset = 9,
  kBfdDown = 10,
};

struct Notification {
  ErrorCode code{};  // may hold a number that has no name
  uint8_t subcode = 0;
  std::vector<uint8_t> data;

  friend bool operator==(const Notification&, const Notification&) = default;
};

// What a parser returns: the value, or the NOTIFICATION to send before the
// session is closed.
template <typename T>
using Result = std::variant<T, Notification>;

// One Notification for each code; `data` is what its subcode says above.
Notification Fault(HeaderSubcode subcode, absl::Span<const uint8_t> data = {});
Notification Fault(OpenSubcode subcode, absl::Span<const uint8_t> data = {});
Notification Fault(UpdateSubcode subcode, absl::Span<const uint8_t> data = {});
Notification Fault(StateSubcode subcode, absl::Span<const uint8_t> data = {});
Notification Fault(CeaseSubcode subcode, absl::Span<const uint8_t> data = {});

// RFC 9003, section 2: the text of an administrative shutdown or reset.
inline constexpr size_t kShutdownTextMax = 255;

// A Cease of kAdministrativeShutdown or kAdministrativeReset with `text`, which
// is UTF-8 and is cut between two characters at kShutdownTextMax. Peers that
// know only RFC 8203 show texts of up to 128 bytes.
Notification Shutdown(CeaseSubcode subcode, std::string_view text);

// The shutdown text that a peer sent, escaped for a log: printable ASCII stays,
// other characters become \u00fc, and bytes that are not UTF-8 \xff. None: the
// notification carries none, or its length is wrong.
std::optional<std::string> ShutdownText(const Notification& notification);

// "2/2 OPEN message: bad peer AS, data 0000fde8", for logs and status. Every
// code and subcode has plain words, also an unknown one. At most 2 KiB: a
// shutdown text, or the first 64 bytes of the data.
std::string Text(const Notification& notification);

// A whole message. Data beyond what 4,096 bytes hold is cut.
std::vector<uint8_t> EncodeNotification(const Notification& notification);

// From the body of a message of type NOTIFICATION, as StreamFramer gives it:
// at least two bytes.
Notification ParseNotification(absl::Span<const uint8_t> body);

}  // namespace lb::bgp::wire

#endif  // LB_BGP_WIRE_NOTIFICATION_H_
