using System.Reflection;
using System.Reflection.Emit;

namespace InferenceServer.Testing;

/// <summary>Every type that a type mentions: in its declaration, its members' signatures and its methods' code.</summary>
internal static class ReferencedTypes
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<int, OpCode> OpCodesByValue = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!)
        .ToDictionary(code => (int)(ushort)code.Value);

    public static IEnumerable<Type> Of(Type type) => Direct(type).SelectMany(Unfold).Distinct();

    private static IEnumerable<Type> Direct(Type type)
    {
        var declaration = new[] { type.BaseType }.OfType<Type>().Concat(type.GetInterfaces());
        var fields = type.GetFields(Declared).Select(field => field.FieldType);
        var methods = type.GetMethods(Declared).Cast<MethodBase>().Concat(type.GetConstructors(Declared));
        return declaration.Concat(fields).Concat(methods.SelectMany(OfMethod));
    }

    private static IEnumerable<Type> OfMethod(MethodBase method)
    {
        foreach (var parameter in method.GetParameters())
        {
            yield return parameter.ParameterType;
        }

        if (method is MethodInfo info)
        {
            yield return info.ReturnType;
        }

        if (method.GetMethodBody() is not { } body)
        {
            yield break;
        }

        foreach (var local in body.LocalVariables)
        {
            yield return local.LocalType;
        }

        foreach (var type in OfCode(method, body.GetILAsByteArray()!))
        {
            yield return type;
        }
    }

    private static IEnumerable<Type> OfCode(MethodBase method, byte[] il)
    {
        var typeArguments = method.DeclaringType!.IsGenericType ? method.DeclaringType.GetGenericArguments() : null;
        var methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (var at = 0; at < il.Length;)
        {
            int value = il[at++];
            var code = OpCodesByValue[value == 0xFE ? 0xFE00 | il[at++] : value];
            switch (code.OperandType)
            {
                case OperandType.InlineType or OperandType.InlineMethod or OperandType.InlineField or OperandType.InlineTok:
                    var member = method.Module.ResolveMember(BitConverter.ToInt32(il, at), typeArguments, methodArguments)!;
                    foreach (var type in OfMember(member))
                    {
                        yield return type;
                    }

                    at += 4;
                    break;
                case OperandType.InlineNone:
                    break;
                case OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar:
                    at += 1;
                    break;
                case OperandType.InlineVar:
                    at += 2;
                    break;
                case OperandType.InlineI8 or OperandType.InlineR:
                    at += 8;
                    break;
                case OperandType.InlineSwitch:
                    at += 4 + (4 * BitConverter.ToInt32(il, at));
                    break;
                default:
                    at += 4;
                    break;
            }
        }
    }

    private static IEnumerable<Type> OfMember(MemberInfo member) => member switch
    {
        Type type => [type],
        MethodBase { IsGenericMethod: true } method => method.GetGenericArguments().Append(method.DeclaringType!),
        _ => member.DeclaringType is { } declaring ? [declaring] : [],
    };

    private static IEnumerable<Type> Unfold(Type type)
    {
        if (type.HasElementType)
        {
            return Unfold(type.GetElementType()!);
        }

        return type.IsGenericType ? type.GetGenericArguments().SelectMany(Unfold).Append(type.GetGenericTypeDefinition()) : [type];
    }
}
