// Origin: where an object was read, for lines that persons read.
//
// An object comes from a file, with a line, or from the Kubernetes API, with
// its resourceVersion. A value.
//
//   Origin("pools.yaml", 9)           pools.yaml:9
//   Origin::OfKubernetes("71523")     resourceVersion 71523
#ifndef LB_CONFIG_ORIGIN_H_
#define LB_CONFIG_ORIGIN_H_

#include <compare>
#include <string>
#include <utility>

namespace lb::config {

class Origin {
 public:
  Origin() = default;
  // Line 0: the file as a whole.
  Origin(std::string file, int line) : file_(std::move(file)), line_(line) {}
  static Origin OfKubernetes(std::string resource_version) {
    Origin origin;
    origin.resource_version_ = std::move(resource_version);
    return origin;
  }

  bool is_kubernetes() const { return !resource_version_.empty(); }
  // Empty and 0, if it was read from the Kubernetes API.
  const std::string& file() const { return file_; }
  int line() const { return line_; }
  // Empty, if it was read from a file.
  const std::string& resource_version() const { return resource_version_; }

  // Another line of the same file. An object from the API has no lines.
  Origin AtLine(int line) const {
    return is_kubernetes() ? *this : Origin(file_, line);
  }

  friend auto operator<=>(const Origin&, const Origin&) = default;

 private:
  std::string file_;
  int line_ = 0;
  std::string resource_version_;
};

}  // namespace lb::config

#endif  // LB_CONFIG_ORIGIN_H_
