// A Lab outside of any lab, for tests of its pieces.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <system_error>

#include "lab/lab.h"

namespace twlab {

class TestbedTest : public testing::TestWithParam<Family> {
 protected:
  static void SetUpTestSuite() {
    try {
      os::isolate();
      os::Namespace::create();
    } catch (const std::system_error& error) {
      denied_ = error.what();
    }
  }
  void SetUp() override {
    if (!denied_.empty()) GTEST_SKIP() << "this system allows no network namespaces: " << denied_;
    lab.emplace(info, GetParam(), [](const std::string&, Time) {});
  }

  static inline std::string denied_;
  LabInfo info{.name = "test", .story = "a test", .claims = {"test.claim"}, .control = "none"};
  std::optional<Lab> lab;
};

inline const auto both_families = testing::Values(Family::inet, Family::inet6);
inline std::string family_name(const testing::TestParamInfo<Family>& info) {
  return std::string(name(info.param));
}

}  // namespace twlab
