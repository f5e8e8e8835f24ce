# The version stands in pyproject.toml alone: FAIRLEAD_VERSION is all of it, FAIRLEAD_RELEASE its digits.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS pyproject.toml)
file(STRINGS pyproject.toml version_line REGEX "^version = \"[0-9.]+[a-z0-9.+]*\"$" LIMIT_COUNT 1)
if(NOT version_line)
  message(FATAL_ERROR "pyproject.toml has no line like: version = \"1.2.3\"")
endif()
string(REGEX REPLACE "^version = \"(.*)\"$" "\\1" FAIRLEAD_VERSION "${version_line}")
string(REGEX MATCH "^[0-9]+(\\.[0-9]+)*" FAIRLEAD_RELEASE "${FAIRLEAD_VERSION}")
