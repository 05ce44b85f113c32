// Kinds: the treatment of an object, by its apiVersion and kind.
//
// Other kinds of Kubernetes and of other products are skipped and counted. A
// kind that is near to a known one is a fault, and so is every unknown kind
// under metallb.io. Pure.
#ifndef LB_CONFIG_KINDS_H_
#define LB_CONFIG_KINDS_H_

#include <string>
#include <string_view>
#include <vector>

namespace lb::config {

struct KindVerdict {
  enum class Use {
    kRead,     // By the reader of `kind`.
    kConvert,  // ConfigMap or AddressPool, of MetalLB before 0.13.
    kSkip,
    kFault,
  };

  Use use = Use::kSkip;
  // The known kind that it is or, with kFault, probably is; else empty.
  std::string_view kind;
  // The field that is wrong and why; with kRead, too: the version may be wrong.
  std::string_view field;
  std::string fault;
  std::string notice;  // Why it is skipped, if that may surprise.
};

KindVerdict JudgeKind(std::string_view api_version, std::string_view kind);

// The kinds that are read.
const std::vector<std::string_view>& ReadKinds();

}  // namespace lb::config

#endif  // LB_CONFIG_KINDS_H_
