// TemporaryFolder: a folder of one's own, deleted with all in it at the end.
#ifndef LB_IO_TESTING_TEMPORARY_FOLDER_H_
#define LB_IO_TESTING_TEMPORARY_FOLDER_H_

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <system_error>

#include "gtest/gtest.h"
#include "lb/base/check.h"

namespace lb::io {

class TemporaryFolder {
 public:
  TemporaryFolder() : path_(testing::TempDir() + "/lb-XXXXXX") {
    LB_CHECK(mkdtemp(path_.data()) != nullptr);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace lb::io

#endif  // LB_IO_TESTING_TEMPORARY_FOLDER_H_
