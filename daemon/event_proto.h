// Events in the status service's form.
#ifndef LB_DAEMON_EVENT_PROTO_H_
#define LB_DAEMON_EVENT_PROTO_H_

#include "lb/base/event_log.h"
#include "lb/status/v1/status.pb.h"

namespace lb {

status::v1::Event ToProto(const Event& event);

}  // namespace lb

#endif  // LB_DAEMON_EVENT_PROTO_H_
