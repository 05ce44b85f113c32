// MayDefine: which services the manifests may define although they are not
// among the services that were read.
//
// An object with a fault or a file that cannot be read may still define
// services. Their addresses stay reserved; the addresses of all other services
// that are not wanted can be released. By default every manifest was
// understood, so no other service can be defined. The reader of the manifests
// sets it.
//
// A value: any thread.
//
//   const MayDefine may_define;
//   if (!may_define.Contains("default/web")) Release("default/web");
#ifndef LB_IPAM_MAY_DEFINE_H_
#define LB_IPAM_MAY_DEFINE_H_

#include <functional>
#include <set>
#include <string>
#include <string_view>

namespace lb::ipam {

struct MayDefine {
  // A file or a folder was never read since the start: it may define any
  // service.
  bool any = false;
  std::set<std::string, std::less<>> services;  // "namespace/name"
  // Names that stand in a file or an object which could not be understood, of
  // services in any namespace.
  std::set<std::string, std::less<>> names;

  bool Contains(std::string_view service) const {
    if (any || services.contains(service)) return true;
    return names.contains(service.substr(service.find('/') + 1));
  }

  friend bool operator==(const MayDefine&, const MayDefine&) = default;
};

}  // namespace lb::ipam

#endif  // LB_IPAM_MAY_DEFINE_H_
