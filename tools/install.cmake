# What `cmake --install` puts in place: the library, its headers under include/fenliu, the command, and what
# pkg-config and find_package(fenliu) need to find them. Nothing in it names the prefix, so a tree may be moved.
include(CMakePackageConfigHelpers)

# Headers that only the files of their own folder include.
set(FENLIU_PRIVATE_HEADERS scenario/read.h desk/state.h engine/outside_state.h)

install(TARGETS fenliu EXPORT fenliuTargets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS fenliu-command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})

foreach(folder IN LISTS FENLIU_FOLDERS)
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${PROJECT_SOURCE_DIR}/sim ${PROJECT_SOURCE_DIR}/sim/${folder}/*.h)
  list(REMOVE_ITEM headers ${FENLIU_PRIVATE_HEADERS})
  foreach(header IN LISTS headers)
    get_filename_component(place ${header} DIRECTORY)
    install(FILES ${PROJECT_SOURCE_DIR}/sim/${header} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/fenliu/${place})
  endforeach()
endforeach()

set(package_place ${CMAKE_INSTALL_LIBDIR}/cmake/fenliu)
install(EXPORT fenliuTargets NAMESPACE fenliu:: DESTINATION ${package_place})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/fenliuConfig.cmake.in ${PROJECT_BINARY_DIR}/fenliuConfig.cmake
                              INSTALL_DESTINATION ${package_place} NO_SET_AND_CHECK_MACRO)
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/fenliuConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/fenliuConfig.cmake ${PROJECT_BINARY_DIR}/fenliuConfigVersion.cmake
        DESTINATION ${package_place})

# A static library needs its users to link what it uses; a shared one has that noted in itself.
set(others "libcjson libxxhash")
if(NOT FENLIU_CORE)
  string(APPEND others " cbc libzstd")
endif()
if(BUILD_SHARED_LIBS)
  set(FENLIU_PC_REQUIRES "libuv")
  set(FENLIU_PC_REQUIRES_PRIVATE "${others}")
  set(FENLIU_PC_LIBS "")
else()
  set(FENLIU_PC_REQUIRES "libuv ${others}")
  set(FENLIU_PC_REQUIRES_PRIVATE "")
  set(FENLIU_PC_LIBS " -lm")
endif()
set(FENLIU_PC_CFLAGS "")
if(FENLIU_CORE)
  set(FENLIU_PC_CFLAGS " -DFENLIU_CORE=1")
endif()
file(RELATIVE_PATH FENLIU_PC_PREFIX ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(${CMAKE_CURRENT_LIST_DIR}/fenliu.pc.in ${PROJECT_BINARY_DIR}/fenliu.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/fenliu.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
