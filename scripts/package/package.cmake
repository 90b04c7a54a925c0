# What is installed besides the programs, and the Debian package: cmake --build ... --target package
set(TWLAB_MAINTAINER "The twlab authors <twlab@packages.invalid>" CACHE STRING "Of the Debian package")

install(PROGRAMS scripts/fetch-kernels DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/twlab)
install(FILES docs/results.schema.json DESTINATION ${CMAKE_INSTALL_DATADIR}/twlab)
install(FILES README.md CHANGELOG.md src/report/schema.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES docs/claims.md docs/design.md docs/ladder.svg docs/writing-a-lab.md
        DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME twlab)
set(CPACK_PACKAGE_CONTACT "${TWLAB_MAINTAINER}")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "executable fact-check of what is written about TIME_WAIT")
set(CPACK_PACKAGE_DESCRIPTION
"twlab builds a small network out of network namespaces and veth pairs, lets
real kernel sockets and crafted segments meet on it, captures everything, and
says for each of some hundred statements about TIME_WAIT, timestamps and
SO_LINGER whether this kernel bears it out, with the packets to prove it.
.
The same labs run under other kernels in QEMU.")
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/debian.cmake)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# To run other kernels, and to verify what fetch-kernels downloads.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "qemu-system-x86, debian-archive-keyring")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "wireshark")
include(CPack)
