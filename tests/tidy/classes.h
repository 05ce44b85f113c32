// The size of each class over all its files.
//
// A class that is cut over several files stays as large as it was: its lines
// are those of its declaration and of each member that is defined elsewhere.
#ifndef TESTS_TIDY_CLASSES_H_
#define TESTS_TIDY_CLASSES_H_

#include <string>
#include <string_view>
#include <vector>

#include "tests/tidy/source_file.h"
#include "tests/tidy/tags.h"

namespace lb::tidy {

inline constexpr int kClassLinesMax = 500;
inline constexpr int kClassFieldsMax = 20;

struct ClassSize {
  std::string name;  // "lb::Agent", without unnamed namespaces.
  std::string path;  // Of its declaration.
  int line = 0;
  int lines = 0;
  int fields = 0;  // Static ones are none.
};

// A class that is over a limit, and by how much it may be.
struct LargeClass {
  std::string_view name;
  int lines = 0;   // 0: within the limit.
  int fields = 0;  // The same.
  std::string_view reason;
};

// A nested class has a size of its own; the lines of its declaration also count
// to the class around it.
std::vector<ClassSize> MeasureClasses(const std::vector<Tag>& tags);

// Each class is within the limits, or has the size that `exceptions` says.
// An exception that is larger than its class, or that no class needs, is a
// finding too.
std::vector<Finding> CheckClasses(const std::vector<ClassSize>& classes,
                                  const std::vector<LargeClass>& exceptions);

}  // namespace lb::tidy

#endif  // TESTS_TIDY_CLASSES_H_
