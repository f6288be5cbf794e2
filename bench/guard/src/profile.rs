//! Where the instructions of a request go: every function of the module gets a wrapper that tells the host when it begins and
//! ends, and the host reads what has been run since it was last told.
//!
//! What the compiler put into its caller counts as the caller's. Calls themselves are not counted, so that wrappers add one
//! instruction to each.

use std::collections::BTreeMap;
use std::convert::Infallible;
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{
    CodeSection, EntityType, Function, FunctionSection, ImportSection, InstructionSink, Module, TypeSection,
    ValType,
};
use wasmparser::{
    CodeSectionReader, FuncType, FunctionSectionReader, ImportSectionReader, KnownCustom, Name, Parser,
    Payload, TypeRef, TypeSectionReader,
};

/// The imports that tell the host.
pub(crate) const MODULE: &str = "profile";
pub(crate) const BEGIN: &str = "begin";
pub(crate) const END: &str = "end";

/// What is known of the functions that ran.
#[derive(Debug, Default)]
pub struct Profile {
    stack: Vec<(u32, u64)>,
    left: u64,
    /// By functions: how often each was called, its own instructions, and those of what it called with them.
    pub spent: BTreeMap<u32, Spent>,
}

/// What a function spent.
#[derive(Debug, Default, Clone, Copy)]
pub struct Spent {
    /// Calls of it.
    pub calls: u64,
    /// Instructions of its own.
    pub own: u64,
    /// And of what it called.
    pub all: u64,
}

// === impl Profile ===

impl Profile {
    pub(crate) fn begin(&mut self, function: u32, left: u64) {
        self.charge(left);
        self.stack.push((function, left));
        self.spent.entry(function).or_default().calls += 1;
    }

    pub(crate) fn end(&mut self, left: u64) {
        self.charge(left);
        let (function, begun) = self.stack.pop().expect("what ends has begun");
        // Of a function that calls itself the outermost call counts.
        if !self.stack.iter().any(|(other, _)| *other == function) {
            self.spent.entry(function).or_default().all += begun - left;
        }
    }

    fn charge(&mut self, left: u64) {
        if let Some((function, _)) = self.stack.last() {
            self.spent.entry(*function).or_default().own += self.left - left;
        }
        self.left = left;
    }
}

/// A module's functions, as far as wrappers need them.
#[derive(Debug, Default)]
struct Shape {
    types: Vec<FuncType>,
    imported: u32,
    /// Types of the functions that are not imported.
    functions: Vec<u32>,
}

/// The module with its wrappers, and the names of its functions, by their numbers in it.
///
/// # Panics
/// If it is no module.
#[must_use]
pub fn instrument(wasm: &[u8]) -> (Vec<u8>, BTreeMap<u32, String>) {
    let (shape, names) = read(wasm).expect("a module");
    let mut module = Module::new();
    let mut wrapping = Wrapping(shape);
    wrapping.parse_core_module(&mut module, Parser::new(0), wasm).expect("a module");
    (module.finish(), names)
}

fn read(wasm: &[u8]) -> wasmparser::Result<(Shape, BTreeMap<u32, String>)> {
    let (mut shape, mut names) = (Shape::default(), BTreeMap::new());
    for payload in Parser::new(0).parse_all(wasm) {
        match payload? {
            Payload::TypeSection(section) => {
                shape.types = section.into_iter_err_on_gc_types().collect::<Result<_, _>>()?;
            }
            Payload::ImportSection(section) => {
                for import in section {
                    shape.imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::FunctionSection(section) => {
                shape.functions = section.into_iter().collect::<Result<_, _>>()?
            }
            Payload::CustomSection(section) => {
                let KnownCustom::Name(section) = section.as_known() else { continue };
                for name in section {
                    let Name::Function(map) = name? else { continue };
                    for naming in map {
                        let naming = naming?;
                        names.insert(naming.index, format!("{:#}", rustc_demangle::demangle(naming.name)));
                    }
                }
            }
            _ => {}
        }
    }
    Ok((shape, names))
}

/// Writes the module anew. Behind its imports come two more, and behind its functions as many wrappers, to which everything
/// refers that referred to a function.
struct Wrapping(Shape);

// === impl Wrapping ===

impl Wrapping {
    /// Where a function is that is not imported.
    fn moved(&self, function: u32) -> u32 {
        function + 2
    }

    /// What a function does that tells of another.
    fn wrapper(&self, function: u32, kind: u32) -> Function {
        let parameters = self.0.types[kind as usize].params().len();
        let (begin, end) = (self.0.imported, self.0.imported + 1);
        let number = function.cast_signed();
        let mut bytes = Vec::new();
        let mut body = InstructionSink::new(&mut bytes);
        body.i32_const(number).call(begin);
        for parameter in 0..u32::try_from(parameters).unwrap() {
            body.local_get(parameter);
        }
        body.call(self.moved(function)).i32_const(number).call(end).end();
        let mut function = Function::new([]);
        function.raw(bytes);
        function
    }
}

impl Reencode for Wrapping {
    type Error = Infallible;

    fn function_index(&mut self, function: u32) -> u32 {
        if function < self.0.imported {
            function
        } else {
            self.moved(function) + u32::try_from(self.0.functions.len()).unwrap()
        }
    }

    fn parse_type_section(
        &mut self,
        types: &mut TypeSection,
        section: TypeSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_type_section(self, types, section)?;
        types.ty().function([ValType::I32], []);
        Ok(())
    }

    fn parse_import_section(
        &mut self,
        imports: &mut ImportSection,
        section: ImportSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_import_section(self, imports, section)?;
        let told = u32::try_from(self.0.types.len()).unwrap();
        imports.import(MODULE, BEGIN, EntityType::Function(told));
        imports.import(MODULE, END, EntityType::Function(told));
        Ok(())
    }

    fn parse_function_section(
        &mut self,
        functions: &mut FunctionSection,
        section: FunctionSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_function_section(self, functions, section)?;
        for kind in &self.0.functions {
            functions.function(*kind);
        }
        Ok(())
    }

    fn parse_code_section(
        &mut self,
        code: &mut CodeSection,
        section: CodeSectionReader<'_>,
    ) -> Result<(), Error> {
        utils::parse_code_section(self, code, section)?;
        for (function, kind) in (self.0.imported..).zip(&self.0.functions) {
            code.function(&self.wrapper(function, *kind));
        }
        Ok(())
    }

    /// Names and tables of what is not there any more.
    fn parse_custom_section(
        &mut self,
        _: &mut Module,
        _: wasmparser::CustomSectionReader<'_>,
    ) -> Result<(), Error> {
        Ok(())
    }
}
