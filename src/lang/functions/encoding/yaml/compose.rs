//! Values from YAML's events.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, StrInput, Tag};

use super::super::super::super::types::Type;
use super::super::super::super::value::{Kind, Value};
use super::resolve::{Style, scalar};

type Events<'a> = Parser<'a, StrInput<'a>>;

pub fn compose(text: &str) -> Result<Value, String> {
    let mut composer = Composer { events: Parser::new_from_str(text), anchors: HashMap::new() };
    composer.next()?;
    match composer.next()? {
        Event::DocumentStart(_) => {}
        _ => return Err("no document".into()),
    }
    let first = composer.next()?;
    let v = composer.node(first)?;
    loop {
        match composer.next()? {
            Event::DocumentEnd => {}
            Event::StreamEnd => return Ok(v),
            _ => return Err("more".into()),
        }
    }
}

struct Composer<'a> {
    events: Events<'a>,
    anchors: HashMap<usize, Value>,
}

fn tag_of<'t>(tag: &'t Option<std::borrow::Cow<'_, Tag>>) -> Result<Option<&'t str>, String> {
    match tag {
        None => Ok(None),
        Some(t) if t.handle == "tag:yaml.org,2002:" => Ok(Some(&t.suffix)),
        Some(_) => Err("tag".into()),
    }
}

impl<'a> Composer<'a> {
    fn next(&mut self) -> Result<Event<'a>, String> {
        match self.events.next_event() {
            Some(Ok((e, _))) => Ok(e),
            Some(Err(e)) => Err(e.to_string()),
            None => Err("end".into()),
        }
    }
    fn node(&mut self, event: Event<'a>) -> Result<Value, String> {
        match event {
            Event::Alias(id) => self.anchors.get(&id).cloned().ok_or_else(|| "alias".to_string()),
            Event::Scalar(text, style, anchor, tag) => {
                let v = leaf(&text, style, &tag)?;
                if anchor > 0 {
                    self.anchors.insert(anchor, v.clone());
                }
                Ok(v)
            }
            Event::SequenceStart(anchor, tag) => {
                if !matches!(tag_of(&tag)?, None | Some("seq")) {
                    return Err("tag".into());
                }
                let mut items = vec![];
                loop {
                    match self.next()? {
                        Event::SequenceEnd => break,
                        e => items.push(self.node(e)?),
                    }
                }
                let v = Value::tuple(items);
                if anchor > 0 {
                    self.anchors.insert(anchor, v.clone());
                }
                Ok(v)
            }
            Event::MappingStart(anchor, tag) => {
                if !matches!(tag_of(&tag)?, None | Some("map")) {
                    return Err("tag".into());
                }
                let mut map = std::collections::BTreeMap::new();
                loop {
                    let key = match self.next()? {
                        Event::MappingEnd => break,
                        Event::Scalar(text, style, _, tag) => {
                            if text == "<<" && tag.is_none() {
                                None
                            } else {
                                Some(
                                    leaf(&text, style, &tag)?
                                        .convert(&Type::String)
                                        .map_err(|e| e.to_string())?,
                                )
                            }
                        }
                        _ => return Err("key".into()),
                    };
                    let e = self.next()?;
                    let v = self.node(e)?;
                    match key {
                        Some(k) => {
                            map.insert(std::sync::Arc::<str>::from(k.as_str().ok_or("null key")?), v);
                        }
                        None => match &v.kind {
                            Kind::Object(o) => map.extend(o.iter().map(|(k, v)| (k.clone(), v.clone()))),
                            _ => return Err("merge".into()),
                        },
                    }
                }
                let v = Value::from(Kind::Object(std::sync::Arc::new(map)));
                if anchor > 0 {
                    self.anchors.insert(anchor, v.clone());
                }
                Ok(v)
            }
            _ => Err("event".into()),
        }
    }
}

fn leaf(text: &str, style: ScalarStyle, tag: &Option<std::borrow::Cow<'_, Tag>>) -> Result<Value, String> {
    let style = match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::Literal | ScalarStyle::Folded => Style::Block,
        _ => Style::Quoted,
    };
    scalar(text, style, tag_of(tag)?)
}
