// Kinds: what is done with an object, judged by its apiVersion and kind.
//
// A kind that is not read is skipped and counted: those of Kubernetes and of
// other products. What is near to a kind that is read, but is none, is a fault,
// and so is everything unknown under metallb.io. Pure.
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
  // Of a known kind: which it is, or, with kFault, probably is; else empty.
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
