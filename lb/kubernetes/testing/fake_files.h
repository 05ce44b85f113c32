// FakeFiles: files of a test, for what reads them by a FileReader.
//
// One thread; header only.
#ifndef LB_KUBERNETES_TESTING_FAKE_FILES_H_
#define LB_KUBERNETES_TESTING_FAKE_FILES_H_

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace lb::kubernetes {

struct FakeFiles {
  std::map<std::string, std::string> texts;
  int reads = 0;

  absl::StatusOr<std::string> Read(const std::string& path) {
    ++reads;
    const auto found = texts.find(path);
    if (found == texts.end()) return absl::NotFoundError("no such file");
    return found->second;
  }
};

}  // namespace lb::kubernetes

#endif  // LB_KUBERNETES_TESTING_FAKE_FILES_H_
