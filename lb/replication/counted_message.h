// Counted messages: the form in which nodes send replicated tables, one record
// after the other.
//
//   message = magic:4 version:u8 body
//   body    = a Protocol Buffers message of this form:
//
//   message Body {
//     optional uint32 count = 1;  // How many of the first `items` follow.
//     repeated bytes items = 2;   // Or of a message type.
//     ...
//   }
//
// The magic tells our messages from those of other users of the same gossip.
// The count is always written, so a message that is cut short is refused.
// Fields with other numbers are skipped: a later release may add some.
//
// Pure functions: any thread.
#ifndef LB_REPLICATION_COUNTED_MESSAGE_H_
#define LB_REPLICATION_COUNTED_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "google/protobuf/message.h"

namespace lb::replication {

// A repeated field of bytes or messages.
struct ItemField {
  int number = 0;
  std::string_view item;   // For messages: "record".
  std::string_view items;  // "records"
  size_t count_max = 0;
  size_t size_min = 0;  // Both sizes are of one item, in bytes.
  size_t size_max = 0;
};

struct MessageFormat {
  std::string_view magic;  // 4 characters.
  uint8_t version = 1;
  std::string_view what;  // For messages: "tenures".
  std::string_view type;  // The name of the Protocol Buffers message.
  size_t size_max = 0;    // A whole message, in bytes.
  int count_field = 0;
  std::vector<ItemField> fields;  // The first one is counted.
};

// Takes in one item of field `number`. The first error ends the reading.
using ItemReader =
    absl::FunctionRef<absl::Status(int number, std::string_view item)>;

// Returns the bytes that every message of the format begins with.
std::string MessageHead(const MessageFormat& format);

// Reads a message item by item. If it were parsed whole, a hostile message
// would take many times its size in memory before its items could be counted.
// InvalidArgument: too large (nothing is read), of another magic or version,
// malformed, cut short, or with too many or too large items.
absl::Status ReadMessage(std::string_view message, const MessageFormat& format,
                         ItemReader read);

// Reads a body that is not in a message: a file has it.
absl::Status ReadMessageBody(std::string_view body, const MessageFormat& format,
                             ItemReader read);

// Parses one item of a message type. InvalidArgument: malformed.
//
// Checks the length of each nested message first, because libprotobuf believes
// it: 20 bytes that promise a nested message of 100 MB, with a name of 50 MB in
// it, make its parser reserve the 50 MB.
absl::Status ParseItem(std::string_view item, const MessageFormat& format,
                       google::protobuf::Message* out);

}  // namespace lb::replication

#endif  // LB_REPLICATION_COUNTED_MESSAGE_H_
