#include "daemon/lbctl/announcer_text.h"

#include <string>

#include "absl/strings/str_join.h"
#include "daemon/lbctl/format.h"

namespace lb::lbctl {

using status::v1::Announcer;

std::string NodesText(const status::v1::Service& service) {
  return absl::StrJoin(service.announcers(), ",",
                       [](std::string* out, const Announcer& announcer) {
                         *out += announcer.node();
                       });
}

std::string InterfacesText(const status::v1::Service& service) {
  return absl::StrJoin(service.announcers(), ";",
                       [](std::string* out, const Announcer& announcer) {
                         *out +=
                             announcer.interfaces().empty()
                                 ? "all"
                                 : absl::StrJoin(announcer.interfaces(), ",");
                       });
}

std::string SinceText(const status::v1::Service& service) {
  return absl::StrJoin(service.announcers(), ", ",
                       [](std::string* out, const Announcer& announcer) {
                         *out += FormatTime(announcer.since());
                       });
}

}  // namespace lb::lbctl
