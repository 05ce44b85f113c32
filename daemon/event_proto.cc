#include "daemon/event_proto.h"

#include "daemon/status_view/timestamp.h"
#include "lb/config/printable.h"

namespace lb {

status::v1::Event ToProto(const Event& event) {
  status::v1::Event proto;
  proto.set_sequence(event.sequence);
  SetTimestamp(event.time, proto.mutable_time());
  proto.set_type(event.type == EventType::kWarning ? status::v1::Event::WARNING
                                                   : status::v1::Event::NORMAL);
  proto.set_reason(event.reason);
  proto.set_object(config::Printable(event.object.ToString()));
  proto.set_message(config::Printable(event.message));
  return proto;
}

}  // namespace lb
