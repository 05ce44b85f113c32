// EmptyFiles: since when manifest files have been without a byte.
//
// An editor, and `cp` as well, truncates a file and then writes it: a file
// without a byte is probably being written, and its objects are still meant.
// If it has stayed so for kSettleTime, it is empty, and its objects are gone.
// Time is an argument; not thread-safe.
//
//   EmptyFiles empty_files;
//   empty_files.Settle(now, &manifests.understanding.empty_files);
//   timer->Arm(empty_files.NextDeadline());  // Then read the files again.
#ifndef LB_CONFIG_EMPTY_FILES_H_
#define LB_CONFIG_EMPTY_FILES_H_

#include <map>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace lb::config {

class EmptyFiles {
 public:
  static constexpr absl::Duration kSettleTime = absl::Seconds(2);

  // `files` are those that were without a byte when they were read, at `now`
  // or later. Removes those that have been so for kSettleTime.
  void Settle(absl::Time now, std::vector<std::string>* files);

  // When the first of the others will have been; InfiniteFuture: there are
  // none.
  absl::Time NextDeadline() const { return deadline_; }

 private:
  std::map<std::string, absl::Time> since_;
  absl::Time deadline_ = absl::InfiniteFuture();
};

}  // namespace lb::config

#endif  // LB_CONFIG_EMPTY_FILES_H_
