// The function definitions of a file, found by their braces.
//
// A brace matcher, no parser: it knows namespaces, types, initializers and
// constructors with initializer lists, which is what this code base has. What
// lies inside a function (lambdas, local types) counts to it.
#ifndef TESTS_TIDY_FUNCTIONS_H_
#define TESTS_TIDY_FUNCTIONS_H_

#include <string>
#include <vector>

#include "tests/tidy/source_file.h"

namespace lb::tidy {

struct Function {
  int first_line = 0;  // Of its declaration.
  int last_line = 0;   // Of the closing brace.
  std::vector<std::string> parameters;

  int LineCount() const { return last_line - first_line + 1; }
};

struct Functions {
  std::vector<Function> functions;
  bool balanced = true;  // False: braces that do not match; found is doubtful.
};

Functions FindFunctions(const SourceFile& file);

}  // namespace lb::tidy

#endif  // TESTS_TIDY_FUNCTIONS_H_
